using Microsoft.Win32.SafeHandles;
using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Devices;

/// <summary>A file that is open for a device's reads, and how it was opened. It belongs to the device.</summary>
internal sealed record OpenedFile(string Path, SafeFileHandle Handle, FlashAccess Access, int AlignmentBytes, string? FallbackReason)
{
    /// <summary>Length of the file when it was opened.</summary>
    public long LengthBytes { get; } = RandomAccess.GetLength(Handle);

    /// <summary>Opens a file for direct reads, or for buffered ones where those are asked for or all there is.</summary>
    /// <param name="path">The file.</param>
    /// <param name="access">Direct or buffered.</param>
    /// <param name="strideBytes">What the alignment of direct reads must divide.</param>
    /// <exception cref="NeuralinkException">The file cannot be opened.</exception>
    public static OpenedFile Open(string path, FlashAccess access, int strideBytes)
    {
        if (access is not (FlashAccess.Direct or FlashAccess.Buffered))
            throw new ArgumentOutOfRangeException(nameof(access), access, "A file is opened for direct or for buffered reads.");
        try
        {
            string? refusal = null;
            if (access == FlashAccess.Direct && DirectFile.TryOpen(path, strideBytes, out int alignmentBytes, out refusal) is { } direct)
                return new OpenedFile(path, direct, FlashAccess.Direct, alignmentBytes, FallbackReason: null);

            // RandomAccess tells the system not to read ahead (POSIX_FADV_RANDOM on Linux).
            SafeFileHandle buffered = File.OpenHandle(path, options: FileOptions.RandomAccess);
            string? reason = refusal is null ? null : $"reading through the page cache: {refusal}";
            return new OpenedFile(path, buffered, FlashAccess.Buffered, FrameArena.StrideMultipleBytes, reason);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"open {path}", expected: null, error.Message, inner: error);
        }
    }

    /// <summary>The same file with one more reason why it is not read in the way asked for.</summary>
    public OpenedFile Without(string reason) =>
        this with { FallbackReason = FallbackReason is null ? reason : $"{FallbackReason}; {reason}" };

    /// <summary>The file, how it is read and by what, for a person.</summary>
    /// <param name="by">What reads it.</param>
    public string Describe(string by)
    {
        string way = $"{Path}, {(Access == FlashAccess.Direct ? "direct" : "buffered")}, {by}";
        return FallbackReason is null ? way : $"{way} ({FallbackReason})";
    }
}
