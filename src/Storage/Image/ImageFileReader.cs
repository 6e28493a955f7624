using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Image;

/// <summary>
/// Reads the data of one of an image's safetensors files front to back into frames, as fast as the device gives them: past the page
/// cache, in large reads, several in flight, while the digest of those before is computed. There are frames for the whole file, or fewer,
/// which are then filled in turn.
/// </summary>
internal sealed class ImageFileReader : IDisposable
{
    /// <summary>A frame: the data begin at a multiple of it, and reads go to multiples of it.</summary>
    public const int BlockBytes = ImageFiles.DataAlignmentBytes;

    /// <summary>Frames that a reader needs at least: those of all reads in flight.</summary>
    public const int FramesMin = Depth * ReadBlocks;

    // Sequential reads of this size, a few at once, run at the bandwidth of every device we know (docs/experiments/devices.md).
    private const int ReadBlocks = (1 << 20) / BlockBytes;
    private const int Depth = 4;

    private readonly FlashImage _image;
    private readonly string _fileName;
    private readonly FrameArena _frames;
    private readonly FileFlashDevice _device;
    private readonly ReadSequence _reads;
    private readonly FileDigest _digest = new();
    private readonly long _leftBlocks;
    private long _aimedBytes;
    private long _readBytes;
    private NeuralinkException? _failure;

    /// <param name="image">The image.</param>
    /// <param name="file">Its file, opened; stays the caller's.</param>
    /// <param name="frames">Where the data go: frames of <see cref="BlockBytes"/>, for all of them or <see cref="FramesMin"/>.</param>
    /// <param name="leftBlocks">Blocks at the beginning that do not stay: they pass through the frames of those that follow.</param>
    /// <param name="access">How to read: directly, or through the page cache where that is asked for or all there is.</param>
    /// <param name="time">The clock of the reads.</param>
    public ImageFileReader(
        FlashImage image, SafetensorsFile file, FrameArena frames, long leftBlocks, FlashAccess access, TimeProvider time)
    {
        _leftBlocks = leftBlocks;
        _image = image;
        _fileName = Path.GetFileName(file.Path);
        _frames = frames;

        // By threads, each of which also brings in the pages that its read fills; one ring would do all of that on one thread.
        FlashAccess threaded = access == FlashAccess.Buffered ? FlashAccess.Buffered : FlashAccess.Direct;
        _device = FileFlashDevice.Open(file.Path, threaded, BlockBytes, Depth, time);
        HeadBytes = file.Head.Length;
        DataBytes = file.LengthBytes - HeadBytes;
        _digest.Append(file.Head);
        _reads = new ReadSequence(_device, frames, ReadBlocks, Depth, Aim);
    }

    /// <summary>Where the data begin in the file.</summary>
    public int HeadBytes { get; }

    /// <summary>How many there are.</summary>
    public long DataBytes { get; }

    /// <summary>Opens a file of an image for a reader.</summary>
    /// <exception cref="NeuralinkException">It cannot be opened, or its data do not begin where direct reads can.</exception>
    public static SafetensorsFile Open(FlashImage image, string fileName)
    {
        SafetensorsFile file = SafetensorsFile.Open(image.PathOf(fileName));
        if (file.Head.Length % BlockBytes == 0)
            return file;
        file.Dispose();
        throw new NeuralinkException(
            $"open {file.Path}", $"data at a multiple of {BlockBytes} bytes", $"offset {file.Head.Length}", "pack the model again");
    }

    /// <summary>
    /// The next bytes of the data; null behind the last. They stay until the next call or, where all have a frame, for good.
    /// </summary>
    /// <exception cref="NeuralinkException">A read fails.</exception>
    public NativeBuffer? Next()
    {
        if (_failure is not null)
            throw _failure;
        if (_reads.Next() is not { } read)
            return null;
        int wanted = (int)Math.Min(read.LengthBytes, DataBytes - _readBytes);
        if (read.Error is not null || read.BytesTransferred < wanted)
        {
            throw _failure = new NeuralinkException(
                $"read {_image.PathOf(_fileName)}", $"{wanted} bytes at offset {read.OffsetBytes}",
                read.Error?.Message ?? $"{read.BytesTransferred} bytes",
                "check the disk, and the image with `neuralink verify`", read.Error);
        }
        _readBytes += wanted;
        NativeBuffer bytes = _frames.Buffer.Slice((long)read.Frames[0] * BlockBytes, wanted);
        _digest.Append(bytes.Bytes(0, wanted));
        return bytes;
    }

    /// <summary>Reads what is left and checks the digest of the whole file.</summary>
    /// <exception cref="NeuralinkException">A read fails, or the file is not the one that was packed.</exception>
    public void CheckDigest()
    {
        while (Next() is not null)
        {
        }
        ImageVerifier.CheckDigest(_image, _fileName, _digest.Finish());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reads.Dispose();
        _device.Dispose();
    }

    private bool Aim(FlashRead read)
    {
        if (_aimedBytes >= DataBytes)
            return false;
        long block = _aimedBytes / BlockBytes, end = (DataBytes + BlockBytes - 1) / BlockBytes;
        read.Reset(HeadBytes + _aimedBytes);

        // Blocks that are left come round through the first frames, so that the last of them is behind when the first stays.
        int frames = block < _leftBlocks ? FramesMin : _frames.FrameCount;
        int first = (int)((((block - _leftBlocks) % frames) + frames) % frames);
        int count = (int)Math.Min(ReadBlocks, Math.Min(end - block, frames - first));
        for (int i = 0; i < count; i++)
            read.Append(first + i);
        _aimedBytes += (long)count * BlockBytes;
        return true;
    }
}
