using System.Collections.Immutable;
using Neuralink.Models.Configuration;
using Neuralink.Storage.Memory;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Weights;

/// <summary>
/// The order of the tensors in resident.safetensors and predictor.safetensors. It is also their order in memory, so that the data are
/// read from flash to where they stay. Tensors of one product follow each other directly. Each other tensor begins at the alignment of a
/// buffer, if need be behind a tensor of padding.
/// </summary>
public sealed class WeightLayout
{
    private WeightLayout(ImmutableArray<LaidTensor> tensors) => Tensors = tensors;

    /// <summary>All tensors of the file, in its order.</summary>
    public ImmutableArray<LaidTensor> Tensors { get; }

    /// <summary>Bytes of the file's data.</summary>
    public long DataBytes => Declarations.Sum(t => t.LengthBytes);

    /// <summary>How they stand in the file.</summary>
    public IEnumerable<TensorDeclaration> Declarations => Tensors.Select(t => t.Declaration);

    /// <summary>The file that holds the tensors of <paramref name="place"/>.</summary>
    public static WeightLayout Of(ModelConfig config, ModelFormats formats, TensorPlace place)
    {
        ImmutableArray<LaidTensor>.Builder tensors = ImmutableArray.CreateBuilder<LaidTensor>();
        long at = 0;
        int paddings = 0;
        IEnumerable<TensorSpec> specs = TensorCatalog.All(config).Where(s => s.Place == place);
        foreach (IGrouping<string, TensorSpec> product in specs.GroupBy(s => s.Product ?? s.Name, StringComparer.Ordinal))
        {
            if (NativeArena.Aligned(at) - at is > 0 and long gap)
                Add(new LaidTensor(new TensorDeclaration($"padding.{paddings++}", SafetensorsDtype.U8, [gap]), Spec: null));
            foreach (TensorSpec spec in product)
                Add(new LaidTensor(Declare(spec, formats), spec));
        }
        return new WeightLayout(tensors.ToImmutable());

        void Add(LaidTensor tensor)
        {
            tensors.Add(tensor);
            at += tensor.Declaration.LengthBytes;
        }
    }

    /// <summary>How the tensor <paramref name="spec"/> is written in an image of <paramref name="formats"/>.</summary>
    private static TensorDeclaration Declare(TensorSpec spec, ModelFormats formats) => spec.IsVector
        ? new TensorDeclaration(spec.Name, SafetensorsDtype.F32, [spec.Rows])
        : WeightFormats.Declare(spec.Name, formats.Of(spec), spec.Rows, spec.Columns);
}

/// <summary>A tensor of a <see cref="WeightLayout"/>.</summary>
/// <param name="Declaration">How it stands in the file.</param>
/// <param name="Spec">What it is; null for padding, whose bytes are zero.</param>
public sealed record LaidTensor(TensorDeclaration Declaration, TensorSpec? Spec);
