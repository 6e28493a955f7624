using Neuralink.Kernels;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Weights;

/// <summary>
/// How a source stores the elements of a tensor. Elements are stored in blocks of the same number of bytes, side by side; a block of a
/// plain type is one element. A row is a whole number of blocks.
/// </summary>
public sealed class ElementType
{
    private static readonly Dictionary<WeightFormat, ElementType> s_formats =
        Enum.GetValues<WeightFormat>().ToDictionary(format => format, format => new ElementType(format));

    private readonly Decoder? _decode;
    private readonly bool _isArranged = true;

    /// <summary>A type that is decoded when it is read.</summary>
    /// <param name="name">What its form calls it, e.g. "Q4_K".</param>
    /// <param name="blockElements">Elements of a block.</param>
    /// <param name="blockBytes">Bytes of a block.</param>
    /// <param name="decode">Makes numbers of a row; null for a type that is no weight's.</param>
    /// <param name="format">The format that has the same numbers in another arrangement, if there is one.</param>
    public ElementType(string name, int blockElements, int blockBytes, Decoder? decode, WeightFormat? format = null)
    {
        Format = format;
        _isArranged = format is null;
        Name = name;
        BlockElements = blockElements;
        BlockBytes = blockBytes;
        _decode = decode;
    }

    private ElementType(WeightFormat format)
        : this(format.ToString(), 1, WeightKernels.For(format).RowBytes(1), WeightKernels.For(format).Decode) => Format = format;

    /// <summary>Whether a row lies as the kernels take it, where <see cref="Format"/> is known.</summary>
    public bool IsArranged => Format is not null && _isArranged;

    /// <summary>Makes numbers of a row of whole blocks.</summary>
    public delegate void Decoder(ReadOnlySpan<byte> row, Span<float> values);

    /// <summary>What its form calls it.</summary>
    public string Name { get; }

    public int BlockElements { get; }

    public int BlockBytes { get; }

    /// <summary>The format that has its very numbers, if there is one.</summary>
    public WeightFormat? Format { get; }

    /// <summary>Whether weights can be read from it.</summary>
    public bool IsWeight => _decode is not null;

    /// <summary>The type of a format.</summary>
    public static ElementType Of(WeightFormat format) => s_formats[format];

    /// <summary>The type of a tensor in a safetensors file.</summary>
    public static ElementType Of(TensorInfo tensor) => WeightFormats.IsWeight(tensor.Dtype)
        ? Of(WeightFormats.From(tensor.Dtype))
        : new ElementType(tensor.DtypeName, 1, tensor.Dtype == SafetensorsDtype.Unknown ? 0 : tensor.Dtype.SizeBytes(), decode: null);

    /// <summary>Bytes of a row.</summary>
    /// <param name="columns">Its elements, a multiple of <see cref="BlockElements"/>.</param>
    public int RowBytes(int columns) => IsArranged ? WeightKernels.For(Format!.Value).RowBytes(columns)
        : columns % BlockElements == 0
        ? checked(columns / BlockElements * BlockBytes)
        : throw new ArgumentOutOfRangeException(nameof(columns), columns, $"{Name} is stored in blocks of {BlockElements}.");

    /// <summary>A row as the kernels of <see cref="Format"/> take it, without rounding.</summary>
    /// <param name="row">As it is stored.</param>
    /// <param name="arranged">RowBytes of the format.</param>
    /// <param name="columns">Of the row.</param>
    public void Arrange(ReadOnlySpan<byte> row, Span<byte> arranged, int columns)
    {
        if (IsArranged)
            row.CopyTo(arranged);
        else
            WeightKernels.For(Format!.Value).FromGgml(row, arranged, columns);
    }

    /// <summary>values[c] = the row's element c.</summary>
    public void Decode(ReadOnlySpan<byte> row, Span<float> values)
    {
        if (_decode is null)
            throw new InvalidOperationException($"{Name} is no weight's type.");
        _decode(row, values);
    }
}
