using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Neuralink.Storage;

/// <summary>The few calls to the C library that .NET does not offer. Everything unsafe about them stays in this assembly.</summary>
internal static unsafe partial class LibC
{
    /// <summary>Errors as errno.h numbers them on Linux.</summary>
    public const int Eintr = 4;

    public const int Eio = 5;

    public const int Einval = 22;

    /// <summary>ENOSPC; .NET passes it through as the HResult of an IOException on Unix.</summary>
    public const int Enospc = 28;

    public const int OpenReadOnly = 0;

    public const int OpenCloseOnExec = 0x80000;

    /// <summary>The most vectors one preadv takes (IOV_MAX in limits.h).</summary>
    public const int IovMax = 1024;

    private const int AdviseHugePage = 14;

    /// <summary>O_DIRECT, which asm/fcntl.h defines differently for ARM than for the generic architectures.</summary>
    public static int OpenDirect => RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 ? 0x10000 : 0x4000;

    /// <summary>One part of a scatter read, as sys/uio.h lays it out.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary>Asks for huge pages. A kernel without them refuses, which costs speed and nothing else.</summary>
    [SupportedOSPlatform("linux")]
    public static void AdviseHugePages(void* address, nuint lengthBytes) => _ = Madvise(address, lengthBytes, AdviseHugePage);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [SupportedOSPlatform("linux")]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    [SupportedOSPlatform("linux")]
    public static partial int Close(int fileDescriptor);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [SupportedOSPlatform("linux")]
    public static partial int Fsync(int fileDescriptor);

    [LibraryImport("libc", EntryPoint = "preadv", SetLastError = true)]
    [SupportedOSPlatform("linux")]
    public static partial nint Preadv(int fileDescriptor, IoVector* vectors, int vectorCount, long offsetBytes);

    [LibraryImport("libc", EntryPoint = "madvise")]
    [SupportedOSPlatform("linux")]
    private static partial int Madvise(void* address, nuint lengthBytes, int advice);
}
