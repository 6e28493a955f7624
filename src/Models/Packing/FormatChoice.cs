using System.Collections.Immutable;
using Neuralink.Kernels;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;

namespace Neuralink.Models.Packing;

/// <summary>
/// What a user says about the formats of an image. What is null follows from the checkpoint: float weights keep their format; of a GGUF
/// file's, resident matrices keep q8_0, q4_0, q4_k and q6_k, and the bundles' rows q8_0 and q4_0. Other quantised weights become q8_0, and
/// so do the bundles' down columns of a quantised checkpoint, whose scales run along the other side of the matrix.
/// </summary>
public sealed record FormatChoice
{
    /// <summary>Of everything that is not said apart.</summary>
    public WeightFormat? Weights { get; init; }

    /// <summary>Of the matrices that stay in memory.</summary>
    public WeightFormat? Resident { get; init; }

    /// <summary>Of the bundles.</summary>
    public WeightFormat? Bundles { get; init; }

    /// <summary>Of the bundles' down columns.</summary>
    public WeightFormat? Down { get; init; }

    /// <summary>Whether the bundles leave out the row that decides activity; null is whatever is best.</summary>
    public bool? LeavesDeciding { get; init; }

    /// <summary>One format for everything, or whatever follows.</summary>
    public static implicit operator FormatChoice(WeightFormat? weights) => new() { Weights = weights };

    /// <summary>The formats of an image of a checkpoint.</summary>
    public ModelFormats For(Checkpoint source) => For(source.Config, source.SourceFormat, name => source.Get(name).Type);

    /// <summary>The formats of an image of a model whose weights are all of one format.</summary>
    public ModelFormats For(ModelConfig config, WeightFormat own) => For(config, own, _ => ElementType.Of(own));

    private ModelFormats For(ModelConfig config, WeightFormat own, Func<string, ElementType> typeOf)
    {
        TensorSpec[] matrices = [.. TensorCatalog.All(config).Where(spec => !spec.IsVector)];
        BundleFormat bundles = BundlesOf(config, own, spec => KeptOf(own, typeOf(spec.Name)));
        WeightFormat predictor = !bundles.LeavesDeciding ? bundles.Rows
            : Bundles ?? Weights ?? Uniform(OfPlace(TensorPlace.Predictor)) ?? WeightFormat.Q8_0;
        Dictionary<string, WeightFormat> resident = OfPlace(TensorPlace.Resident).ToDictionary(
            spec => spec.Name, spec => ResidentOf(spec, own, typeOf(spec.Name)), StringComparer.Ordinal);
        WeightFormat most = matrices.Where(spec => spec.Place == TensorPlace.Resident).GroupBy(spec => resident[spec.Name])
            .MaxBy(group => group.Sum(spec => spec.ElementCount))!.Key;
        return new ModelFormats(most, bundles, predictor)
        {
            Exceptions = resident.Where(pair => pair.Value != most).ToImmutableSortedDictionary(StringComparer.Ordinal),
        };

        IEnumerable<TensorSpec> OfPlace(TensorPlace place) => matrices.Where(spec => spec.Place == place);

        WeightFormat? Uniform(IEnumerable<TensorSpec> specs)
        {
            WeightFormat[] formats = [.. specs.Select(spec => KeptOf(own, typeOf(spec.Name))).Distinct()];
            return formats.Length == 1 ? formats[0] : null;
        }
    }

    private BundleFormat BundlesOf(ModelConfig config, WeightFormat own, Func<TensorSpec, WeightFormat> keptOf)
    {
        WeightFormat? said = Bundles ?? Weights;
        HashSet<WeightFormat> rows = [], down = [];
        for (int layer = 0; layer < config.FfnCount; layer++)
        {
            string downName = $"{TensorNames.Layer(config, layer).Down}.weight";
            foreach (TensorSpec spec in TensorCatalog.Layer(config, layer).Where(s => s is { IsVector: false, Place: TensorPlace.Neurons }))
                (spec.Name == downName ? down : rows).Add(keptOf(spec));
        }
        WeightFormat ofRows = said ?? (rows.Count == 1 && IsOfBundles(rows.Single()) ? rows.Single() : WeightFormat.Q8_0);
        WeightFormat ofDown = Down ?? said ?? (down.Count == 1 && !IsQuantized(down.Single()) ? down.Single() : WeightFormat.Q8_0);
        return new BundleFormat(ofRows, ofDown, LeavesDeciding ?? false);
    }

    // Positions are few and are added to the stream as they are; llama.cpp does not quantise them either.
    private WeightFormat ResidentOf(TensorSpec spec, WeightFormat own, ElementType type) => (Resident ?? Weights) switch
    {
        null => KeptOf(own, type),
        { } said when IsQuantized(said) && spec.Name == $"{TensorNames.Positions}.weight" => WeightFormat.F16,
        { } said => said,
    };

    // A checkpoint of floats is packed in one format.
    private static WeightFormat KeptOf(WeightFormat own, ElementType type) =>
        type.Format is not { } format ? WeightFormat.Q8_0 : IsQuantized(own) || IsQuantized(format) ? format : own;

    private static bool IsOfBundles(WeightFormat format) => format is not (WeightFormat.Q4_K or WeightFormat.Q6_K);

    private static bool IsQuantized(WeightFormat format) => WeightKernels.For(format).QuantizesInput;
}
