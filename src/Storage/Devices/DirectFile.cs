using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Neuralink.Storage.Devices;

/// <summary>
/// Opens files past the page cache. Each system has its own way: O_DIRECT on Linux, FILE_FLAG_NO_BUFFERING on Windows,
/// F_NOCACHE on macOS. The first two demand aligned offsets, lengths and memory; how far aligned depends on the file system and
/// the device and is found by trying.
/// </summary>
internal static class DirectFile
{
    // Not in FileOptions, but File.OpenHandle passes it through to CreateFile.
    private const FileOptions WindowsNoBuffering = (FileOptions)0x20000000;

    // Sectors as old disks, and most virtual ones, have them; pages, as the others.
    private static readonly int[] s_alignments = [512, 4096];

    /// <summary>Opens <paramref name="path"/> for direct reads.</summary>
    /// <param name="path">The file.</param>
    /// <param name="strideBytes">What the alignment must divide.</param>
    /// <param name="alignmentBytes">What offsets, lengths and addresses must be multiples of.</param>
    /// <param name="refusal">Why it is not possible, or null.</param>
    /// <returns>The file, or null where direct reads are not possible.</returns>
    /// <exception cref="IOException">The file cannot be opened at all.</exception>
    public static SafeFileHandle? TryOpen(string path, int strideBytes, out int alignmentBytes, out string? refusal)
    {
        SafeFileHandle? file = TryOpen(path, out refusal);
        alignmentBytes = file is null ? 0 : FindAlignment(file, out refusal);
        if (alignmentBytes > 0 && strideBytes % alignmentBytes == 0)
            return file;
        if (alignmentBytes > 0)
            refusal = $"direct reads of this file need multiples of {alignmentBytes} bytes; {strideBytes} is none";
        file?.Dispose();
        return null;
    }

    private static SafeFileHandle? TryOpen(string path, out string? refusal)
    {
        refusal = null;
        if (OperatingSystem.IsLinux())
        {
            SafeFileHandle file = LibC.Open(path, LibC.OpenReadOnly | LibC.OpenDirect | LibC.OpenCloseOnExec);
            if (!file.IsInvalid)
                return file;
            int errno = Marshal.GetLastPInvokeError();
            file.Dispose();
            if (errno != LibC.Einval)
                throw LibC.Failure(errno);
            refusal = "the file system does not do direct reads";
            return null;
        }

        if (OperatingSystem.IsWindows())
            return File.OpenHandle(path, options: FileOptions.RandomAccess | WindowsNoBuffering);

        if (OperatingSystem.IsMacOS())
        {
            SafeFileHandle file = File.OpenHandle(path, options: FileOptions.RandomAccess);
            if (LibC.TurnCacheOff(file))
                return file;
            file.Dispose();
        }

        refusal = "direct reads are not possible here";
        return null;
    }

    private static unsafe int FindAlignment(SafeFileHandle file, out string? refusal)
    {
        refusal = null;
        int largest = s_alignments[^1];
        byte* block = (byte*)NativeMemory.AlignedAlloc((nuint)(2 * largest), (nuint)largest);
        try
        {
            foreach (int alignment in s_alignments)
            {
                try
                {
                    // The length tries the device's blocks, the address the memory's alignment.
                    _ = RandomAccess.Read(file, new Span<byte>(block + alignment, alignment), fileOffset: 0);
                    return alignment;
                }
                catch (IOException error)
                {
                    refusal = $"the file system refuses direct reads ({error.Message})";
                }
            }

            return 0;
        }
        finally
        {
            NativeMemory.AlignedFree(block);
        }
    }
}
