using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Neuralink.Cli.Terminal;

/// <summary>The few calls to a Unix system's C library about standard streams that .NET does not offer.</summary>
[UnsupportedOSPlatform("windows")]
internal static class UnixCalls
{
    /// <summary>EINTR, EIO and EPIPE have one number everywhere.</summary>
    public const int Interrupted = 4, InputOutputError = 5, BrokenPipe = 32;

    private const int GetDescriptorFlags = 1, CloseOnExec = 1;
    private const short PollOut = 4, PollError = 8, PollHangUp = 16, PollInvalid = 32;

    /// <summary>EAGAIN.</summary>
    public static int TryAgain => OperatingSystem.IsLinux() || OperatingSystem.IsAndroid() ? 11 : 35;

    /// <summary>
    /// Whether the process was started with this descriptor open. What the runtime has opened since then, perhaps in its place, is marked
    /// to be closed in programs that it starts; what came through such a start is not.
    /// </summary>
    public static bool IsInherited(int descriptor) =>
        Fcntl(descriptor, GetDescriptorFlags) is >= 0 and var flags && (flags & CloseOnExec) == 0;

    /// <summary>Whether whoever is behind the descriptor has gone: nobody will read what is written to it.</summary>
    public static bool IsHungUp(int descriptor)
    {
        PollDescriptor poll = new() { Descriptor = descriptor };
        return Poll(ref poll, 1, timeoutMillis: 0) > 0 && (poll.Found & (PollError | PollHangUp | PollInvalid)) != 0;
    }

    /// <summary>Waits until the descriptor takes more.</summary>
    public static void WaitUntilWritable(int descriptor)
    {
        PollDescriptor poll = new() { Descriptor = descriptor, Wanted = PollOut };
        _ = Poll(ref poll, 1, timeoutMillis: -1);       // whatever comes out, the next write says it
    }

    /// <summary>Writes some of the bytes, of which there is one at least.</summary>
    /// <returns>How many, or -1 with the error in <see cref="Marshal.GetLastPInvokeError"/>.</returns>
    public static nint Write(int descriptor, ReadOnlySpan<byte> bytes) =>
        Write(descriptor, in MemoryMarshal.GetReference(bytes), (nuint)bytes.Length);

    [DllImport("libc", EntryPoint = "fcntl")]
    private static extern int Fcntl(int descriptor, int command);

    [DllImport("libc", EntryPoint = "poll")]
    private static extern int Poll(ref PollDescriptor descriptors, nuint count, int timeoutMillis);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    private static extern nint Write(int descriptor, in byte bytes, nuint count);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Wanted;
        public short Found;
    }
}
