using Neuralink.Placement;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Tracing;

/// <summary>Reads all bundles of a layer, front to back, each into the frame of its neuron's number whatever the order on flash.</summary>
internal sealed class LayerReader : IDisposable
{
    // Sequential reads of this size, a few at once, run at the bandwidth of every device we know (docs/experiments/devices.md).
    private const int ReadBytesMax = 1 << 20;
    private const int QueueDepth = 4;

    // What one preadv takes on Linux (IOV_MAX).
    private const int SegmentsMax = 1024;

    private readonly FlashImage _image;
    private readonly FileFlashDevice _device;
    private readonly ReadSequence _reads;
    private LayerIndex _layer;
    private int _slot;

    public LayerReader(FlashImage image, FrameArena frames, TimeProvider time)
    {
        _image = image;
        _slot = image.SlotCount;
        _device = FileFlashDevice.Open(image.NeuronsPath, FlashAccess.Direct, image.StrideBytes, QueueDepth, time);
        _reads = new ReadSequence(_device, frames, Math.Clamp(ReadBytesMax / image.StrideBytes, 1, SegmentsMax), QueueDepth, Aim);
    }

    /// <exception cref="NeuralinkException">A read fails.</exception>
    public void Read(LayerIndex layer)
    {
        _layer = layer;
        _slot = 0;
        NeuralinkException? failure = null;
        while (_reads.Next() is { } read)
        {
            if (read.IsComplete)
                continue;
            failure ??= FailureOf(read);
            _slot = _image.SlotCount;       // the device owns the frames of what is in flight, which is still waited for
        }
        if (failure is not null)
            throw failure;
    }

    public void Dispose()
    {
        _reads.Dispose();
        _device.Dispose();
    }

    private bool Aim(FlashRead read)
    {
        if (_slot == _image.SlotCount)
            return false;
        Permutation placement = _image.PlacementOf(_layer);
        read.Reset(_image.OffsetOf(_layer, new Slot(_slot)));
        for (; _slot < _image.SlotCount && read.SegmentCount < read.SegmentsMax; _slot++)
            read.Append(placement.NeuronAt(new Slot(_slot)).Value);
        return true;
    }

    private NeuralinkException FailureOf(FlashRead read) => new(
        $"read {_image.NeuronsPath}", $"{read.LengthBytes} bytes at offset {read.OffsetBytes}",
        read.Error?.Message ?? $"{read.BytesTransferred} bytes", "check the disk, and the image with `neuralink verify`", read.Error);
}
