using System.Text.Json.Serialization;
using Neuralink.Storage.Profiles;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Placements;

/// <summary>
/// What `placement compare --json` prints, in snake_case. All figures are of one layer and one token: the mean of the layers' own.
/// </summary>
/// <param name="Model">The model's name.</param>
/// <param name="ModelDigest">What the traces belong to.</param>
/// <param name="Layers">Its layers.</param>
/// <param name="Neurons">Of each layer.</param>
/// <param name="StrideBytes">Of a neuron's bundle on flash.</param>
/// <param name="Device">The device profile's name.</param>
/// <param name="Reads">The device profile's read costs.</param>
/// <param name="Seed">Of methods that choose by chance.</param>
/// <param name="Train">The trace the orders were made from.</param>
/// <param name="Orders">What was compared, and how long ordering took.</param>
/// <param name="Tests">A test trace each.</param>
internal sealed record CompareReport(
    string Model, string ModelDigest, int Layers, int Neurons, int StrideBytes, string Device, IReadOnlyList<DeviceRead> Reads, int Seed,
    ComparedTrace Train, IReadOnlyList<OrderReport> Orders, IReadOnlyList<TestReport> Tests);

/// <summary>A trace of the comparison.</summary>
internal sealed record ComparedTrace(string Path, string Texts, string TextsDigest, int Tokens)
{
    public static ComparedTrace Of(FiringTrace trace) => new(trace.Path, trace.Info.Texts, trace.Info.TextsDigest, trace.Info.TokenCount);
}

/// <summary>An order; no seconds for one that an image has.</summary>
internal sealed record OrderReport(
    string Method, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? OrderingSeconds);

/// <summary>What the orders cost on a trace; not unseen if it is of the training trace's texts.</summary>
internal sealed record TestReport(ComparedTrace Trace, bool Unseen, IReadOnlyList<CacheReport> Caches);

/// <summary>What the orders cost with a share of the neurons cached, 0 to 1.</summary>
internal sealed record CacheReport(double CachedShare, IReadOnlyList<OrderFigures> Orders, BoundFigures Bound);

/// <summary>One order's figures; <see cref="OfIdentity"/> is its milliseconds over those of the model's own order.</summary>
internal sealed record OrderFigures(
    string Method, double ReadsPerToken, double MeanReadBundles, double BytesReadPerByteUsed, double MillisPerToken, double OfIdentity);

/// <summary>What no order can beat; each figure for itself.</summary>
internal sealed record BoundFigures(double ReadsPerToken, double MillisPerToken, double OfIdentity);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(CompareReport))]
internal sealed partial class CompareReportJson : JsonSerializerContext;
