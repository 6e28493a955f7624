using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Neuralink.Storage.Profiles;

namespace Neuralink.Cli.Devices;

/// <summary>What `probe --json` prints, in snake_case: sizes in bytes, rates a second, megabytes of 10^6 bytes.</summary>
/// <param name="Profile">The profile's file.</param>
/// <param name="Volume">What was measured.</param>
/// <param name="File">The file that was read, or null for a temporary one.</param>
/// <param name="FileBytes">Its length.</param>
/// <param name="Rounds">How often each cell was measured.</param>
/// <param name="IoMethod">The advice: how to submit reads.</param>
/// <param name="QueueDepth">The advice: how many to keep in flight.</param>
/// <param name="UringRefusal">Why io_uring was not measured, or null.</param>
/// <param name="FirstReadsSlowdown">How many times longer the first reads of the file took than the same reads later;
/// null for a temporary file.</param>
/// <param name="Speedups">What depth and method bring, and take of the processor.</param>
/// <param name="MegabytesPerSecondMax">The ceiling of random reads so submitted.</param>
/// <param name="KneeBytes">From this size on a random read gets 80% of the ceiling.</param>
/// <param name="BreakEvenGaps">How wide a gap between two bundles is worth reading through.</param>
/// <param name="Reads">The cost of random reads so submitted: the profile's.</param>
/// <param name="Cells">Every measurement.</param>
internal sealed record ProbeReport(
    string Profile, DeviceVolume Volume, string? File, long FileBytes, int Rounds, string IoMethod, int QueueDepth, string? UringRefusal,
    double? FirstReadsSlowdown, IReadOnlyList<DepthFigures> Speedups,
    double MegabytesPerSecondMax, long KneeBytes, IReadOnlyList<GapFigures> BreakEvenGaps, IReadOnlyList<DeviceRead> Reads,
    IReadOnlyList<CellFigures> Cells)
{
    // From a small model's bundle to that of a 13B model in 16 bits.
    private static readonly int[] s_bundles = [4 << 10, 16 << 10, 32 << 10];

    public static ProbeReport Of(DeviceProfile profile, string path, ProbeResult result, ProbeAnalysis analysis) => new(
        path, profile.Volume!, result.File, result.FileBytes, result.Rounds, analysis.IoMethod, analysis.QueueDepth, result.UringRefusal,
        result.FirstReadsSlowdown,
        [.. from method in ProbeAnalysis.Summarize(result.Measurements).GroupBy(s => s.IoMethod, StringComparer.Ordinal)
            let shallowest = method.MinBy(s => s.QueueDepth)!.ReadsPerSecond
            from depth in method
            select new DepthFigures(
                depth.IoMethod, depth.QueueDepth, depth.ReadsPerSecond / shallowest, depth.ReadsPerSecond, depth.ProcessorMicros)],
        analysis.Cost.BytesPerMicroMax, analysis.Cost.KneeBytes(),
        [.. s_bundles.Select(bytes => new GapFigures(bytes, analysis.Cost.BreakEvenGapBytes(bytes)))],
        profile.Reads, [.. result.Measurements.Select(CellFigures.Of)]);

    public string ToJson() => JsonSerializer.Serialize(this, ProbeReportJson.Readable.ProbeReport);
}

/// <summary>
/// Random reads up to 64 KiB, geometric means over their sizes: reads a second over those at depth 1 by the same method, reads a
/// second, and processor time a read.
/// </summary>
internal sealed record DepthFigures(string IoMethod, int QueueDepth, double Speedup, double ReadsPerSecond, double ProcessorMicros);

/// <summary>The widest gap between two bundles that is at least as cheap to read through as to skip.</summary>
internal sealed record GapFigures(int BundleBytes, long GapBytes);

/// <summary>One cell of the tables.</summary>
internal sealed record CellFigures(
    string IoMethod, string Pattern, int Bytes, int QueueDepth, double ReadsPerSecond, double MegabytesPerSecond, double ProcessorMicros)
{
    public static CellFigures Of(ProbeMeasurement m) => new(
        m.Cell.IoMethod, m.Cell.Pattern == AccessPattern.Random ? "random" : "sequential", m.Cell.Bytes, m.Cell.QueueDepth,
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
