using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Neuralink.Storage.Profiles;

namespace Neuralink.Cli.Devices;

/// <summary>What `probe --json` prints, in snake_case: sizes in bytes, rates a second, megabytes of 10^6 bytes.</summary>
internal sealed record ProbeReport
{
    /// <summary>The profile's file.</summary>
    public required string Profile { get; init; }

    /// <summary>What was measured.</summary>
    public required DeviceVolume Volume { get; init; }

    /// <summary>The file that was read, or null for a temporary one.</summary>
    public required string? File { get; init; }

    /// <summary>Its length.</summary>
    public required long FileBytes { get; init; }

    /// <summary>How often each cell was measured.</summary>
    public required int Rounds { get; init; }

    /// <summary>The advice: how to submit reads.</summary>
    public required string IoMethod { get; init; }

    /// <summary>The advice: how many to keep in flight.</summary>
    public required int QueueDepth { get; init; }

    /// <summary>Why io_uring was not measured, or null.</summary>
    public required string? UringRefusal { get; init; }

    /// <summary>How many times longer the first reads of the file took than the same reads later; null for a temporary file.</summary>
    public required double? FirstReadsSlowdown { get; init; }

    /// <summary>What depth and method bring, and take of the processor.</summary>
    public required IReadOnlyList<DepthMetrics> Speedups { get; init; }

    /// <summary>The ceiling of random reads so submitted.</summary>
    public required double MegabytesPerSecondMax { get; init; }

    /// <summary>From this size on a random read gets 80% of the ceiling.</summary>
    public required long KneeBytes { get; init; }

    /// <summary>How wide a gap between two bundles is worth reading through.</summary>
    public required IReadOnlyList<GapMetrics> BreakEvenGaps { get; init; }

    /// <summary>The cost of random reads so submitted: the profile's.</summary>
    public required IReadOnlyList<DeviceRead> Reads { get; init; }

    /// <summary>Every measurement.</summary>
    public required IReadOnlyList<CellMetrics> Cells { get; init; }

    // From a small model's bundle to that of a 13B model in 16 bits.
    private static readonly int[] s_bundles = [4 << 10, 16 << 10, 32 << 10];

    public static ProbeReport Of(DeviceProfile profile, string path, ProbeResult result, ProbeAnalysis analysis) => new()
    {
        Profile = path,
        Volume = profile.Volume!,
        File = result.File,
        FileBytes = result.FileBytes,
        Rounds = result.Rounds,
        IoMethod = analysis.IoMethod,
        QueueDepth = analysis.QueueDepth,
        UringRefusal = result.UringRefusal,
        FirstReadsSlowdown = result.FirstReadsSlowdown,
        Speedups = [.. from method in ProbeAnalysis.Summarize(result.Measurements).GroupBy(s => s.IoMethod, StringComparer.Ordinal)
            let shallowest = method.MinBy(s => s.QueueDepth)!.ReadsPerSecond
            from depth in method
            select new DepthMetrics(
                depth.IoMethod, depth.QueueDepth, depth.ReadsPerSecond / shallowest, depth.ReadsPerSecond, depth.ProcessorMicros)],
        MegabytesPerSecondMax = analysis.Cost.BytesPerMicroMax,
        KneeBytes = analysis.Cost.KneeBytes(),
        BreakEvenGaps = [.. s_bundles.Select(bytes => new GapMetrics(bytes, analysis.Cost.BreakEvenGapBytes(bytes)))],
        Reads = profile.Reads,
        Cells = [.. result.Measurements.Select(CellMetrics.Of)],
    };

    public string ToJson() => JsonSerializer.Serialize(this, ProbeReportJson.Readable.ProbeReport);
}

/// <summary>
/// Random reads up to 64 KiB, geometric means over their sizes: reads a second over those at depth 1 by the same method, reads a
/// second, and processor time a read.
/// </summary>
internal sealed record DepthMetrics(string IoMethod, int QueueDepth, double Speedup, double ReadsPerSecond, double ProcessorMicros);

/// <summary>The widest gap between two bundles that is at least as cheap to read through as to skip.</summary>
internal sealed record GapMetrics(int BundleBytes, long GapBytes);

/// <summary>One cell of the tables.</summary>
internal sealed record CellMetrics(
    string IoMethod, string Pattern, int Bytes, int QueueDepth, double ReadsPerSecond, double MegabytesPerSecond, double ProcessorMicros)
{
    public static CellMetrics Of(ProbeMeasurement m) => new(
        m.Cell.IoMethod, m.Cell.Pattern.ToString().ToLowerInvariant(), m.Cell.Bytes, m.Cell.QueueDepth,
        m.ReadsPerSecond, m.MegabytesPerSecond, m.ProcessorMicros);
}

[JsonSerializable(typeof(ProbeReport))]
internal sealed partial class ProbeReportJson : JsonSerializerContext
{
    /// <summary>Letters of any script stay as they are.</summary>
    public static ProbeReportJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
