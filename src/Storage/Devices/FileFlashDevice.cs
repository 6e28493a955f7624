namespace Neuralink.Storage.Devices;

/// <summary>
/// A device over a file. Where direct access is asked for and cannot be had, it reads through the page cache and says why.
/// </summary>
public sealed class FileFlashDevice : ThreadedFlashDevice, IFlashFile
{
    private readonly OpenedFile _file;

    internal FileFlashDevice(OpenedFile file, int queueDepth, TimeProvider time)
        : base(queueDepth, time)
    {
        _file = file;
    }

    /// <summary>How the file is read.</summary>
    public FlashAccess Access => _file.Access;

    /// <inheritdoc/>
    public string? FallbackReason => _file.FallbackReason;

    /// <inheritdoc/>
    public bool IsPastPageCache => _file.Access == FlashAccess.Direct;

    /// <inheritdoc/>
    public override string Description => _file.Describe($"{QueueDepth} threads");

    /// <inheritdoc/>
    public override long LengthBytes => _file.LengthBytes;

    /// <inheritdoc/>
    public override int AlignmentBytes => _file.AlignmentBytes;

    /// <summary>Opens a file for reading.</summary>
    /// <param name="path">The file.</param>
    /// <param name="access">Direct, if that is possible, or buffered.</param>
    /// <param name="strideBytes">The stride of the frames that reads will fill: direct access is possible if the
    /// medium's blocks divide it.</param>
    /// <param name="queueDepth">Reads that may be in flight: a thread each.</param>
    /// <param name="time">The clock for the reads' timestamps.</param>
    /// <exception cref="NeuralinkException">The file cannot be opened.</exception>
    public static FileFlashDevice Open(string path, FlashAccess access, int strideBytes, int queueDepth, TimeProvider time) =>
        new(OpenedFile.Open(path, access, strideBytes), queueDepth, time);

    /// <inheritdoc/>
    protected override int ReadScatter(FlashRead read) =>
        OperatingSystem.IsLinux() ? LinuxScatter.Read(_file.Handle, read, IsPastPageCache, AlignmentBytes) : ReadFrameByFrame(read);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _file.Handle.Dispose();

    private int ReadFrameByFrame(FlashRead read)
    {
        int done = 0;
        for (int i = 0; i < read.SegmentCount; i++)
        {
            int count = RandomAccess.Read(_file.Handle, read.Segment(i), read.OffsetBytes + done);
            done += count;
            if (count < read.Arena.StrideBytes)
                break;
        }

        return done;
    }
}
