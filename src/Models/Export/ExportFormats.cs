using Neuralink.Kernels;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Weights;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Export;

/// <summary>
/// The format of each tensor of an exported file. What is quantised keeps its type and its bits, with two exceptions: a matrix whose rows
/// are no whole blocks of ggml's, and the down matrix of an image, whose scales run along the other side. These become f16.
/// </summary>
/// <param name="source">What is exported.</param>
/// <param name="wanted">The format of every matrix; null keeps the source's.</param>
internal sealed class ExportFormats(Checkpoint source, WeightFormat? wanted)
{
    private readonly WeightFormat _own = wanted ?? source.SourceFormat;

    /// <summary>What most of the file is, by ggml's number (llama_ftype).</summary>
    public int FileType => _own switch
    {
        WeightFormat.F32 => 0,
        WeightFormat.F16 => 1,
        WeightFormat.Q4_0 => 2,
        WeightFormat.Q8_0 => 7,
        WeightFormat.Q4_K => 15,
        WeightFormat.Q6_K => 18,
        WeightFormat.BF16 => 32,
        _ => throw new ArgumentOutOfRangeException(nameof(source), _own, message: null),
    };

    /// <summary>The type that stores a format.</summary>
    public static GgufType TypeOf(WeightFormat format) => GgufType.All.Single(
        type => type.Name.Equals(WeightFormats.NameOf(format), StringComparison.OrdinalIgnoreCase));

    /// <summary>The format of a tensor that is made of these.</summary>
    public WeightFormat Of(IReadOnlyList<TensorSpec> parts)
    {
        WeightFormat[] formats = [.. parts.Select(Of).Distinct()];
        return formats.Length == 1 ? formats[0] : WeightFormat.F16;
    }

    private WeightFormat Of(TensorSpec spec)
    {
        if (spec.IsVector)
            return WeightFormat.F32;
        SourceTensor tensor = source.Get(spec.Name);
        WeightFormat own = tensor.Type.Format ?? WeightFormat.F16;
        if (wanted is null)
            return !IsQuantized(_own) && !IsQuantized(own) ? _own : IsQuantized(own) && tensor.IsTransposed ? WeightFormat.F16 : own;
        return IsQuantized(_own) && (spec.Columns % TypeOf(_own).BlockElements != 0 || spec.Name == $"{TensorNames.Positions}.weight")
            ? WeightFormat.F16
            : _own;
    }

    private static bool IsQuantized(WeightFormat format) => WeightKernels.For(format).QuantizesInput;
}
