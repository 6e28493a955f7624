using System.Text.Json.Serialization;
using Neuralink.Storage.Profiles;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Placements;

/// <summary>
/// What `placement compare --json` prints, in snake_case. All figures are of one layer and one token: the mean of the layers' own.
/// </summary>
internal sealed record CompareReport
{
    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>What the traces belong to.</summary>
    public required string ModelDigest { get; init; }

    /// <summary>Its layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Of each layer.</summary>
    public required int Neurons { get; init; }

    /// <summary>Of a neuron's bundle on flash.</summary>
    public required int StrideBytes { get; init; }

    /// <summary>The device profile's name.</summary>
    public required string Device { get; init; }

    /// <summary>The device profile's read costs.</summary>
    public required IReadOnlyList<DeviceRead> Reads { get; init; }

    /// <summary>Of methods that choose by chance.</summary>
    public required int Seed { get; init; }

    /// <summary>The trace the orders were made from.</summary>
    public required ComparedTrace Train { get; init; }

    /// <summary>What was compared, and how long ordering took.</summary>
    public required IReadOnlyList<OrderReport> Orders { get; init; }

    /// <summary>A test trace each.</summary>
    public required IReadOnlyList<TestReport> Tests { get; init; }
}

/// <summary>A trace of the comparison.</summary>
internal sealed record ComparedTrace(string Path, string Texts, string TextsDigest, int Tokens)
{
    public static ComparedTrace Of(ActivationTrace trace) =>
        new(trace.Path, trace.Info.Texts, trace.Info.TextsDigest, trace.Info.TokenCount);
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
