using System.Collections.Immutable;

namespace Neuralink.Storage.Safetensors;

/// <summary>A tensor that a <see cref="SafetensorsWriter"/> is going to write.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Dtype">Type of its elements.</param>
/// <param name="Shape">Its dimensions, slowest first; empty for a scalar.</param>
public sealed record TensorDeclaration(string Name, SafetensorsDtype Dtype, ImmutableArray<long> Shape)
{
    /// <summary>Its length in the file.</summary>
    /// <exception cref="InvalidOperationException">A dimension is negative or the product leaves 63 bits.</exception>
    public long LengthBytes =>
        TensorInfo.SizeOf(Dtype, Shape) ?? throw new InvalidOperationException($"Tensor '{Name}' has an impossible shape.");
}
