using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Weights;

/// <summary>A file of weights, open for reading: safetensors, or a pickled checkpoint. Reads may run on any threads at once.</summary>
public interface ITensorFile : IDisposable
{
    /// <summary>The file's path, as it was given.</summary>
    public string Path { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>Reads bytes of a tensor of this file, whose elements follow each other row by row.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="offsetBytes">Where in the tensor to begin: a whole number of elements.</param>
    /// <param name="destination">Filled entirely; it must end inside the tensor, with a whole element.</param>
    /// <exception cref="NeuralinkException">The read fails, or the file has become shorter than it was.</exception>
    public void Read(TensorInfo tensor, long offsetBytes, Span<byte> destination);
}
