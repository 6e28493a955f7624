using System.Collections.Immutable;

namespace Neuralink.Storage.Safetensors;

/// <summary>Where one tensor lies in a file of weights, and what it is.</summary>
/// <param name="Name">The tensor's name, unique in its file.</param>
/// <param name="Dtype">Type of its elements.</param>
/// <param name="Shape">Its dimensions, slowest first (row-major); empty for a scalar.</param>
/// <param name="FileOffset">Offset of its first byte from the start of the file.</param>
/// <param name="LengthBytes">Its length: the product of the dimensions times the element size.</param>
public record TensorInfo(string Name, SafetensorsDtype Dtype, ImmutableArray<long> Shape, long FileOffset, long LengthBytes)
{
    /// <summary>The type as the header names it; what an <see cref="SafetensorsDtype.Unknown"/> one is called.</summary>
    public string DtypeName { get; init; } = $"{Dtype}";

    /// <summary>Number of elements, of a known type.</summary>
    public long ElementCount => LengthBytes / Dtype.SizeBytes();

    /// <summary>The shape as an error message shows it, e.g. "[1600, 256]".</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <summary>Bytes that a tensor of this type and shape takes; null where a dimension is negative or the product overflows.</summary>
    internal static long? SizeOf(SafetensorsDtype dtype, ImmutableArray<long> shape)
    {
        long bytes = dtype.SizeBytes();
        foreach (long dimension in shape)
        {
            if (dimension < 0)
                return null;
            Int128 product = (Int128)bytes * dimension;
            if (product > long.MaxValue)
                return null;
            bytes = (long)product;
        }

        return bytes;
    }
}
