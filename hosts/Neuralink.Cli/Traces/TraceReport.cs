using System.Text.Json.Serialization;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Traces;

/// <summary>What `trace show --json` prints, in snake_case. Shares are 0 to 1, lengths in neurons.</summary>
/// <param name="Trace">The file.</param>
/// <param name="Digest">SHA-256 of the file.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Model">The model's name.</param>
/// <param name="ModelDigest">What the trace belongs to.</param>
/// <param name="Texts">What was traced.</param>
/// <param name="Tokens">Tokens traced.</param>
/// <param name="Neurons">Of each layer.</param>
/// <param name="StrideBytes">Of a neuron's bundle on flash.</param>
/// <param name="Mean">Over the layers.</param>
/// <param name="Layers">A row a layer.</param>
internal sealed record TraceReport(
    string Trace, string Digest, long Bytes, string Model, string ModelDigest, string Texts, int Tokens, int Neurons, int StrideBytes,
    TraceFigures Mean, IReadOnlyList<TraceFigures> Layers)
{
    public static TraceReport Of(FiringTrace trace, IProgress<double> progress, CancellationToken cancellation)
    {
        FiringTraceInfo info = trace.Info;
        TraceFigures[] layers = new TraceFigures[info.LayerCount];
        TraceLayers.Visit(
            trace, Environment.ProcessorCount, (layer, firing) =>
                layers[layer.Value] = TraceFigures.Of(layer.Value, FiringStatistics.Of(firing)), progress, cancellation);
        TraceFigures mean = new(
            null, layers.Average(l => l.FiringShare), layers.Average(l => l.HotShare), layers.Average(l => l.MeanRunLength),
            layers.Average(l => l.CoActivation), layers.Average(l => l.IndependentCoActivation));
        return new TraceReport(
            trace.Path, trace.Digest, trace.LengthBytes, info.ModelName, info.ModelDigest, info.Texts, info.TokenCount, info.NeuronCount,
            info.StrideBytes, mean, layers);
    }
}

/// <summary>One layer's figures, or their mean; see <see cref="FiringStatistics"/>.</summary>
internal sealed record TraceFigures(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Layer,
    double FiringShare, double HotShare, double MeanRunLength, double CoActivation, double IndependentCoActivation)
{
    public static TraceFigures Of(int layer, FiringStatistics s) =>
        new(layer, s.FiringShare, s.HotShare, s.MeanRunLength, s.CoActivation, s.IndependentCoActivation);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(TraceReport))]
internal sealed partial class TraceReportJson : JsonSerializerContext;
