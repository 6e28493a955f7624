using System.Text.Json.Serialization;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Traces;

/// <summary>What `trace show --json` prints, in snake_case. Shares are 0 to 1, lengths in neurons.</summary>
internal sealed record TraceReport
{
    /// <summary>The file.</summary>
    public required string Trace { get; init; }

    /// <summary>SHA-256 of the file.</summary>
    public required string Digest { get; init; }

    /// <summary>Its length.</summary>
    public required long Bytes { get; init; }

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>What the trace belongs to.</summary>
    public required string ModelDigest { get; init; }

    /// <summary>What was traced.</summary>
    public required string Texts { get; init; }

    /// <summary>Tokens traced.</summary>
    public required int Tokens { get; init; }

    /// <summary>Of each layer.</summary>
    public required int Neurons { get; init; }

    /// <summary>Of a neuron's bundle on flash.</summary>
    public required int StrideBytes { get; init; }

    /// <summary>Over the layers.</summary>
    public required TraceFigures Mean { get; init; }

    /// <summary>A row a layer.</summary>
    public required IReadOnlyList<TraceFigures> Layers { get; init; }

    public static TraceReport Of(ActivationTrace trace, IProgress<double> progress, CancellationToken cancellation)
    {
        ActivationTraceInfo info = trace.Info;
        TraceFigures[] layers = new TraceFigures[info.LayerCount];
        TraceLayers.Visit(
            trace, Environment.ProcessorCount, (layer, active) =>
                layers[layer.Value] = TraceFigures.Of(layer.Value, ActivationStatistics.Of(active)), progress, cancellation);
        TraceFigures mean = new(
            null, layers.Average(l => l.ActiveShare), layers.Average(l => l.HotShare), layers.Average(l => l.MeanRunLength),
            layers.Average(l => l.CoActivation), layers.Average(l => l.IndependentCoActivation));
        return new TraceReport
        {
            Trace = trace.Path,
            Digest = trace.Digest,
            Bytes = trace.LengthBytes,
            Model = info.ModelName,
            ModelDigest = info.ModelDigest,
            Texts = info.Texts,
            Tokens = info.TokenCount,
            Neurons = info.NeuronCount,
            StrideBytes = info.StrideBytes,
            Mean = mean,
            Layers = layers,
        };
    }
}

/// <summary>One layer's figures, or their mean; see <see cref="ActivationStatistics"/>.</summary>
internal sealed record TraceFigures(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Layer,
    [property: JsonPropertyName("firing_share")] double ActiveShare,
    double HotShare, double MeanRunLength, double CoActivation, double IndependentCoActivation)
{
    public static TraceFigures Of(int layer, ActivationStatistics s) =>
        new(layer, s.ActiveShare, s.HotShare, s.MeanRunLength, s.CoActivation, s.IndependentCoActivation);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(TraceReport))]
internal sealed partial class TraceReportJson : JsonSerializerContext;
