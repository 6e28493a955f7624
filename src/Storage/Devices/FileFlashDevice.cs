using Microsoft.Win32.SafeHandles;
using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Devices;

/// <summary>A device over a file. Where direct access is asked for and cannot be had, it reads through the page cache and says why.</summary>
public sealed class FileFlashDevice : ThreadedFlashDevice
{
    private readonly string _path;
    private readonly SafeFileHandle _file;

    private FileFlashDevice(string path, SafeFileHandle file, FlashAccess access, int alignmentBytes, string? fallbackReason, int queueDepth, TimeProvider time)
        : base(queueDepth, time)
    {
        _path = path;
        _file = file;
        Access = access;
        AlignmentBytes = alignmentBytes;
        FallbackReason = fallbackReason;
        LengthBytes = RandomAccess.GetLength(file);
    }

    /// <summary>How the file is read.</summary>
    public FlashAccess Access { get; }

    /// <summary>Why the file is read through the page cache although direct access was asked for; null where it is not so.</summary>
    public string? FallbackReason { get; }

    /// <inheritdoc/>
    public override string Description => $"{_path}, {(Access == FlashAccess.Direct ? "direct" : "buffered")}, {QueueDepth} threads";

    /// <inheritdoc/>
    public override long LengthBytes { get; }

    /// <inheritdoc/>
    public override int AlignmentBytes { get; }

    /// <summary>Opens a file for reading.</summary>
    /// <param name="path">The file.</param>
    /// <param name="access">How to read it, if that is possible.</param>
    /// <param name="strideBytes">The stride of the frames that reads will fill: direct access is possible if the medium's blocks divide it.</param>
    /// <param name="queueDepth">Reads that may be in flight: a thread each.</param>
    /// <param name="time">The clock for the reads' timestamps.</param>
    /// <exception cref="NeuralinkException">The file cannot be opened.</exception>
    public static FileFlashDevice Open(string path, FlashAccess access, int strideBytes, int queueDepth, TimeProvider time)
    {
        try
        {
            string? refusal = null;
            if (access == FlashAccess.Direct && DirectFile.TryOpen(path, strideBytes, out int alignmentBytes, out refusal) is { } direct)
                return new FileFlashDevice(path, direct, FlashAccess.Direct, alignmentBytes, fallbackReason: null, queueDepth, time);

            // RandomAccess tells the system not to read ahead (POSIX_FADV_RANDOM on Linux).
            SafeFileHandle buffered = File.OpenHandle(path, options: FileOptions.RandomAccess);
            return new FileFlashDevice(path, buffered, FlashAccess.Buffered, FrameArena.StrideMultipleBytes, refusal, queueDepth, time);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"open {path}", expected: null, error.Message, inner: error);
        }
    }

    /// <inheritdoc/>
    protected override int ReadScatter(FlashRead read) =>
        OperatingSystem.IsLinux() ? LinuxScatter.Read(_file, read, AlignmentBytes) : ReadFrameByFrame(read);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _file.Dispose();

    private int ReadFrameByFrame(FlashRead read)
    {
        int done = 0;
        for (int i = 0; i < read.SegmentCount; i++)
        {
            int count = RandomAccess.Read(_file, read.Segment(i), read.OffsetBytes + done);
            done += count;
            if (count < read.Arena.StrideBytes)
                break;
        }

        return done;
    }
}
