using System.Collections.Immutable;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Weights;

/// <summary>A tensor as a source has it.</summary>
/// <param name="Name">The source's own name of it.</param>
/// <param name="Type">How its elements are stored.</param>
/// <param name="Shape">Its dimensions, slowest first (row-major); empty for a scalar.</param>
/// <param name="LengthBytes">The bytes that can be read of it, row after row.</param>
public sealed record SourceTensor(string Name, ElementType Type, ImmutableArray<long> Shape, long LengthBytes)
{
    /// <summary>Whether what lies together is a column of it, not a row: a matrix [Rows, Columns] is stored as [Columns, Rows].</summary>
    public bool IsTransposed { get; init; }

    /// <summary>The shape as an error message shows it, e.g. "[1600, 256]".</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <summary>A tensor of a safetensors file.</summary>
    public static SourceTensor Of(TensorInfo tensor) => new(tensor.Name, ElementType.Of(tensor), tensor.Shape, tensor.LengthBytes);

    /// <summary>A tensor of an image's file, where a block format stands as the bytes of its rows.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="formats">The image's.</param>
    /// <param name="place">Which file.</param>
    public static SourceTensor Of(TensorInfo tensor, ModelFormats formats, TensorPlace place) =>
        new(tensor.Name, ElementType.Of(formats.Of(tensor.Name, tensor.Shape.Length < 2, place)), tensor.Shape, tensor.LengthBytes);
}
