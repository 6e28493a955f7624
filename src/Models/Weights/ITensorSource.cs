using Neuralink.Storage;

namespace Neuralink.Models.Weights;

/// <summary>Where tensors are read from: a checkpoint, or one file of a flash image.</summary>
public interface ITensorSource
{
    /// <summary>The folder or file, for messages.</summary>
    public string Location { get; }

    /// <exception cref="NeuralinkException">There is no such tensor.</exception>
    public SourceTensor Get(string name);

    /// <summary>
    /// Reads <paramref name="destination"/>.Length bytes of <paramref name="tensor"/> from <paramref name="offsetBytes"/> on.
    /// </summary>
    public void Read(SourceTensor tensor, long offsetBytes, Span<byte> destination);
}
