using System.Collections.Concurrent;
using Neuralink.Placement;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Tracing;

/// <summary>Reads all bundles of a layer, front to back, each into the frame of its neuron's number whatever the order on flash.</summary>
internal sealed class LayerReader : IFlashCompletionSink, IDisposable
{
    // Sequential reads of this size, a few at once, run at the bandwidth of every device we know (docs/experiments.md).
    private const int ReadBytesMax = 1 << 20;
    private const int QueueDepth = 4;

    // What one preadv takes on Linux (IOV_MAX).
    private const int SegmentsMax = 1024;

    private readonly FlashImage _image;
    private readonly FileFlashDevice _device;
    private readonly Stack<FlashRead> _idle = new(QueueDepth);
    private readonly BlockingCollection<FlashRead> _completed = [];

    public LayerReader(FlashImage image, FrameArena frames, TimeProvider time)
    {
        _image = image;
        _device = FileFlashDevice.Open(image.NeuronsPath, FlashAccess.Direct, image.StrideBytes, QueueDepth, time);
        for (int i = 0; i < QueueDepth; i++)
            _idle.Push(new FlashRead(frames, Math.Clamp(ReadBytesMax / image.StrideBytes, 1, SegmentsMax), this));
    }

    /// <exception cref="NeuralinkException">A read fails.</exception>
    public void Read(LayerIndex layer)
    {
        NeuralinkException? failure = null;
        int slot = 0;
        while (true)
        {
            while (failure is null && slot < _image.SlotCount && _idle.TryPop(out FlashRead? read))
            {
                slot = Fill(read, layer, slot);
                _device.Submit(read);
            }
            // The device owns the frames of what is in flight: after a failure too, all of it is waited for.
            if (_idle.Count == QueueDepth)
                break;
            FlashRead completed = _completed.Take();
            failure ??= FailureOf(completed);
            _idle.Push(completed);
        }
        if (failure is not null)
            throw failure;
    }

    public void Completed(FlashRead read) => _completed.Add(read);

    public void Dispose()
    {
        _device.Dispose();
        _completed.Dispose();
    }

    /// <summary>Aims <paramref name="read"/> at the slots from <paramref name="slot"/> on; returns the slot behind its last.</summary>
    private int Fill(FlashRead read, LayerIndex layer, int slot)
    {
        Permutation placement = _image.PlacementOf(layer);
        read.Reset(_image.OffsetOf(layer, new Slot(slot)));
        for (; slot < _image.SlotCount && read.SegmentCount < read.SegmentsMax; slot++)
            read.Append(placement.NeuronAt(new Slot(slot)).Value);
        return slot;
    }

    private NeuralinkException? FailureOf(FlashRead read) => read.IsComplete ? null : new NeuralinkException(
        $"read {_image.NeuronsPath}", $"{read.LengthBytes} bytes at offset {read.OffsetBytes}", read.Error?.Message ?? $"{read.BytesTransferred} bytes",
        "check the disk, and the image with `neuralink verify`", read.Error);
}
