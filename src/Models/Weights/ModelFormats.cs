using System.Collections.Immutable;
using Neuralink.Kernels;
using Neuralink.Storage.Image;

namespace Neuralink.Models.Weights;

/// <summary>
/// The formats of a model's matrices: of those that stay in memory, of the bundles, and of the predictor's, which decides activity. Vectors
/// are float32 always. A single format is one for all.
/// </summary>
/// <param name="Resident">Of the resident matrices.</param>
/// <param name="Bundles">Of the bundles.</param>
/// <param name="Predictor">
/// Of the deciding matrix in memory: the bundles' own, so that both give the same bits, unless the bundles leave it out.
/// </param>
public sealed record ModelFormats(WeightFormat Resident, BundleFormat Bundles, WeightFormat Predictor)
{
    /// <summary>Resident matrices of another format than <see cref="Resident"/>, by name: a GGUF file mixes several.</summary>
    public ImmutableSortedDictionary<string, WeightFormat> Exceptions { get; init; } =
        ImmutableSortedDictionary.Create<string, WeightFormat>(StringComparer.Ordinal);

    /// <summary>Whether a product with a resident matrix takes its input in 8 bits.</summary>
    public bool QuantizesInput => Exceptions.Values.Append(Resident).Any(format => WeightKernels.For(format).QuantizesInput);

    /// <summary>One format for everything.</summary>
    public static implicit operator ModelFormats(WeightFormat format) => new(format, format, format);

    /// <summary>A tensor's format where it lies as one: not of one that is spread over the bundles.</summary>
    public WeightFormat Of(TensorSpec spec) => Of(spec.Name, spec.IsVector, spec.Place);

    /// <summary>The same, by what says it.</summary>
    public WeightFormat Of(string name, bool isVector, TensorPlace place) => isVector ? WeightFormat.F32
        : place == TensorPlace.Predictor ? Predictor
        : Exceptions.TryGetValue(name, out WeightFormat own) ? own : Resident;

    /// <summary>What a manifest says.</summary>
    /// <exception cref="Neuralink.Storage.NeuralinkException">It names a format that there is not.</exception>
    public static ModelFormats Read(WeightsManifest manifest) => new(
        WeightFormats.Parse(manifest.Resident),
        new BundleFormat(WeightFormats.Parse(manifest.Rows), WeightFormats.Parse(manifest.Down), manifest.LeavesDeciding),
        WeightFormats.Parse(manifest.Predictor))
    {
        Exceptions = manifest.Exceptions.ToImmutableSortedDictionary(
            pair => pair.Key, pair => WeightFormats.Parse(pair.Value), StringComparer.Ordinal),
    };

    /// <summary>The same for a manifest.</summary>
    public WeightsManifest ToManifest() => new(
        WeightFormats.NameOf(Resident), WeightFormats.NameOf(Bundles.Rows), WeightFormats.NameOf(Bundles.Down), Bundles.LeavesDeciding,
        WeightFormats.NameOf(Predictor),
        Exceptions.ToImmutableSortedDictionary(pair => pair.Key, pair => WeightFormats.NameOf(pair.Value), StringComparer.Ordinal));
}
