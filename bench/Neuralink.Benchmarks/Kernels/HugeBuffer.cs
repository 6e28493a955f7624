using System.Runtime.InteropServices;

namespace Neuralink.Benchmarks.Kernels;

/// <summary>
/// A large zeroed region, aligned to and (on Linux, where the kernel grants it) backed by 2 MiB pages: with 4 KiB pages the translation
/// misses cost a quarter of the bandwidth.
/// </summary>
internal sealed unsafe partial class HugeBuffer : IDisposable
{
    private const nuint HugePageBytes = 2 << 20;
    private const int MadviseHugePage = 14;

    private readonly byte* _origin;

    public HugeBuffer(long bytes)
    {
        LengthBytes = bytes;
        _origin = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, HugePageBytes);
        if (OperatingSystem.IsLinux())
        {
            // Refused where transparent huge pages are off; then the figures are those of small pages, for all cases alike.
            _ = Madvise(_origin, (nuint)bytes, MadviseHugePage);
        }

        NativeMemory.Clear(_origin, (nuint)bytes);
    }

    public long LengthBytes { get; }

    public Span<byte> Slice(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, LengthBytes - length);
        return new Span<byte>(_origin + offset, length);
    }

    public void Dispose() => NativeMemory.AlignedFree(_origin);

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Madvise(void* address, nuint length, int advice);
}
