using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Neuralink.Storage;

/// <summary>The few calls to the C library that .NET does not offer. Everything unsafe about them stays in this assembly.</summary>
internal static unsafe partial class LibC
{
    /// <summary>Errors as errno.h numbers them on Linux.</summary>
    public const int Eperm = 1;

    public const int Eintr = 4;

    public const int Eio = 5;

    public const int Eagain = 11;

    public const int Enomem = 12;

    public const int Eacces = 13;

    public const int Ebusy = 16;

    public const int Einval = 22;

    /// <summary>ENOSPC; .NET passes it through as the HResult of an IOException on Unix.</summary>
    public const int Enospc = 28;

    public const int Enosys = 38;

    public const int OpenReadOnly = 0;

    public const int OpenCloseOnExec = 0x80000;

    /// <summary>The most vectors one preadv takes (IOV_MAX in limits.h).</summary>
    public const int IovMax = 1024;

    private const int AdviseHugePage = 14;
    private const int PrctlSetTimerSlack = 29;
    private const int FcntlNoCache = 48;
    private const int AdviseNotNeeded = 4;
    private const int AtCurrentFolder = -100;
    private const uint RenameExchange = 2;

    /// <summary>O_DIRECT, which asm/fcntl.h defines differently for ARM than for the generic architectures.</summary>
    public static int OpenDirect => RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 ? 0x10000 : 0x4000;

    /// <summary>One part of a scatter read, as sys/uio.h lays it out.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary>An errno as .NET reports errors: with its text, and the number as HResult.</summary>
    public static IOException Failure(int errno) => new(Marshal.GetPInvokeErrorMessage(errno), errno);

    /// <summary>Asks for huge pages. A kernel without them refuses, which costs speed and nothing else.</summary>
    [SupportedOSPlatform("linux")]
    public static void AdviseHugePages(void* address, nuint lengthBytes) => _ = Madvise(address, lengthBytes, AdviseHugePage);

    /// <summary>Asks for a file's pages to leave the page cache; written ones that are not on disk yet stay.</summary>
    /// <returns>Whether the system took the advice.</returns>
    [SupportedOSPlatform("linux")]
    public static bool AdviseNotCached(SafeFileHandle file) => PosixFadvise(file, 0, 0, AdviseNotNeeded) == 0;

    /// <summary>
    /// Lets the calling thread sleep to the microsecond; by default Linux adds up to 50 to every sleep so
    /// that it can wake threads together.
    /// </summary>
    [SupportedOSPlatform("linux")]
    public static void MakeSleepsPrecise() => _ = Prctl(PrctlSetTimerSlack, 1);

    /// <summary>Sleeps for less than a second. A signal may end the sleep early.</summary>
    [SupportedOSPlatform("linux")]
    public static void Nanosleep(long nanos)
    {
        TimeSpec duration = new() { Seconds = 0, Nanos = (nint)nanos };
        _ = Nanosleep(&duration, null);
    }

    /// <summary>Exchanges what two paths of one file system name, in one step.</summary>
    /// <returns>Whether it did: some file systems and C libraries cannot.</returns>
    [SupportedOSPlatform("linux")]
    public static bool TryExchange(string path, string other)
    {
        try
        {
            return Renameat2(AtCurrentFolder, path, AtCurrentFolder, other, RenameExchange) == 0;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Turns the page cache off for a file, as far as macOS does that.</summary>
    /// <returns>Whether it did.</returns>
    [SupportedOSPlatform("macos")]
    public static bool TurnCacheOff(SafeFileHandle file) =>
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? FcntlOnStack(file, FcntlNoCache, 0, 0, 0, 0, 0, 0, 1) >= 0
            : Fcntl(file, FcntlNoCache, 1) >= 0;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [SupportedOSPlatform("linux")]
    public static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [SupportedOSPlatform("linux")]
    public static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "preadv", SetLastError = true)]
    [SupportedOSPlatform("linux")]
    public static partial nint Preadv(SafeFileHandle file, IoVector* vectors, int vectorCount, long offsetBytes);

    [LibraryImport("libc", EntryPoint = "renameat2", StringMarshalling = StringMarshalling.Utf8)]
    [SupportedOSPlatform("linux")]
    private static partial int Renameat2(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    [SupportedOSPlatform("linux")]
    private static partial int PosixFadvise(SafeFileHandle file, nint offsetBytes, nint lengthBytes, int advice);

    [LibraryImport("libc", EntryPoint = "madvise")]
    [SupportedOSPlatform("linux")]
    private static partial int Madvise(void* address, nuint lengthBytes, int advice);

    [LibraryImport("libc", EntryPoint = "prctl")]
    [SupportedOSPlatform("linux")]
    private static partial int Prctl(int option, nuint value);

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    [SupportedOSPlatform("linux")]
    private static partial int Nanosleep(TimeSpec* duration, TimeSpec* remaining);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    [SupportedOSPlatform("macos")]
    private static partial int Fcntl(SafeFileHandle file, int command, nint value);

    // fcntl is variadic, and Apple's ARM64 convention passes variadic arguments on the stack: the ninth argument
    // is the first that lands there.
    [LibraryImport("libc", EntryPoint = "fcntl")]
    [SupportedOSPlatform("macos")]
    private static partial int FcntlOnStack(
        SafeFileHandle file, int command, nint x2, nint x3, nint x4, nint x5, nint x6, nint x7, nint value);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanos;
    }
}
