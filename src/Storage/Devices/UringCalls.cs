using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Neuralink.Storage.Devices;

/// <summary>
/// Creates a ring, as io_uring_setup(2): the seam at which tests put another kernel.
/// </summary>
/// <returns>The ring's descriptor, or the negative errno.</returns>
internal delegate int UringSetup(uint entryCount, ref UringParameters parameters);

/// <summary>
/// io_uring's three system calls, which the C library has no functions for, and what else a ring needs. The numbers are the same on every
/// architecture that .NET runs on.
/// </summary>
[SupportedOSPlatform("linux")]
internal static unsafe partial class UringCalls
{
    private const nint SetupNumber = 425;
    private const nint EnterNumber = 426;
    private const nint RegisterNumber = 427;

    private const uint EnterGetEvents = 1;
    private const uint RegisterFilesOperation = 2;

    private const int ProtectionReadWrite = 3;
    private const int MapShared = 1;
    private const int MapPopulate = 0x8000;
    private const int EventCloseOnExec = 0x80000;

    /// <inheritdoc cref="UringSetup"/>
    public static int Setup(uint entryCount, ref UringParameters parameters)
    {
        fixed (UringParameters* address = &parameters)
            return Result(Syscall(SetupNumber, (nint)entryCount, (nint)address, 0, 0, 0, 0));
    }

    /// <summary>Submits, and waits until there are <paramref name="waitCount"/> completions (io_uring_enter).</summary>
    /// <returns>How many were submitted, or the negative errno.</returns>
    public static int Enter(int ring, uint submitCount, uint waitCount) =>
        Result(Syscall(EnterNumber, ring, (nint)submitCount, (nint)waitCount, (nint)EnterGetEvents, 0, 0));

    /// <summary>Lets requests name files by their index here, which spares the kernel to look them up for each.</summary>
    /// <returns>Zero, or the negative errno.</returns>
    public static int RegisterFiles(int ring, ReadOnlySpan<int> files)
    {
        fixed (int* address = files)
            return Result(Syscall(RegisterNumber, ring, (nint)RegisterFilesOperation, (nint)address, files.Length, 0, 0));
    }

    /// <summary>Maps a part of the ring.</summary>
    /// <returns>The address, or null.</returns>
    public static byte* Map(int ring, nuint lengthBytes, long offset)
    {
        nint address = MemoryMap(0, lengthBytes, ProtectionReadWrite, MapShared | MapPopulate, ring, (nint)offset);
        return address == -1 ? null : (byte*)address;
    }

    /// <summary>Makes a counter that a ring can wait for and any thread can raise.</summary>
    /// <returns>Its descriptor, or the negative errno.</returns>
    public static int CreateEvent() => Result(EventDescriptor(0, EventCloseOnExec));

    /// <summary>Raises the counter. It cannot fail: the counter has 64 bits.</summary>
    public static void Raise(int descriptor)
    {
        ulong one = 1;
        while (Write(descriptor, &one, sizeof(ulong)) < 0 && Marshal.GetLastPInvokeError() == LibC.Eintr)
        {
        }
    }

    [LibraryImport("libc", EntryPoint = "munmap")]
    public static partial int Unmap(byte* address, nuint lengthBytes);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    private static int Result(nint returned) => returned < 0 ? -Marshal.GetLastPInvokeError() : (int)returned;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint MemoryMap(nint address, nuint lengthBytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, void* bytes, nint count);
}
