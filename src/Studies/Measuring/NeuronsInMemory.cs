using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;

namespace Neuralink.Studies.Measuring;

/// <summary>
/// The neurons of an image in memory: below a modelled device, whose time alone shows then. Reading them takes little of the processors,
/// as direct reads do.
/// </summary>
public sealed class NeuronsInMemory : IDisposable
{
    private const int PieceBytes = 1 << 24;

    private readonly NativeArena _arena;
    private readonly NativeBuffer _neurons;

    /// <param name="image">The image.</param>
    /// <exception cref="NeuralinkException">They take more than half of the memory that the process may have.</exception>
    public NeuronsInMemory(FlashImage image)
    {
        using FileStream file = File.OpenRead(image.NeuronsPath);
        long bytesMax = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
        if (file.Length > bytesMax)
        {
            throw new NeuralinkException(
                $"run {image.Folder} on a modelled device", $"neurons of at most {ByteSize.Format(bytesMax)}, to hold them in memory",
                ByteSize.Format(file.Length), "measure on the disk itself, or simulate the device");
        }
        _arena = new NativeArena(file.Length);
        _neurons = _arena.Allocate(file.Length, "neurons");
        for (long at = 0; at < file.Length; at += PieceBytes)
            file.ReadExactly(_neurons.Bytes(at, (int)Math.Min(PieceBytes, file.Length - at)));
    }

    /// <summary>A device over them in place of a file, which it closes.</summary>
    /// <param name="file">The file's device.</param>
    /// <param name="time">The clock for the reads' timestamps.</param>
    public IFlashDevice InPlaceOf(IFlashDevice file, TimeProvider time)
    {
        int depth = file.QueueDepth;
        file.Dispose();
        return new MemoryFlashDevice(_neurons, depth, time);
    }

    public void Dispose() => _arena.Dispose();
}
