using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Neuralink.Cli.Terminal;

namespace Neuralink.Cli.Generate;

/// <summary>
/// What --json prints, in snake_case. The names are a contract that tools parse: new ones may be added, none is renamed or removed.
/// Times in milliseconds, sizes in bytes, io.prefetched to io.repaired in neurons, rates and shares 0 to 1.
/// </summary>
/// <param name="Text">What was generated, without the prompt.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="Tokens">The generated ids.</param>
/// <param name="FinishReason">"stop" or "length".</param>
/// <param name="Timings">How long it took.</param>
/// <param name="Io">What was read.</param>
/// <param name="Memory">How the native memory is shared out.</param>
/// <param name="FiringShare">Share of the neurons that fired, over all layers and tokens.</param>
/// <param name="Model">Its name.</param>
/// <param name="Strategy">How reading and computing shared the time.</param>
/// <param name="Device">Where the neurons were read from, and how.</param>
/// <param name="Profile">The device profile that decided how to read, or null.</param>
/// <param name="Seed">Of the random numbers.</param>
/// <param name="Diagnosis">What held the run up, and what to change, in words.</param>
/// <param name="Layers">What Io says, layer by layer.</param>
internal sealed record GenerationReport(
    string Text, int PromptTokens, IReadOnlyList<int> Tokens, string FinishReason, TimingsReport Timings, IoReport Io, MemoryReport Memory,
    double FiringShare, string Model, string Strategy, string Device, ProfileReport? Profile, ulong Seed, string Diagnosis, IReadOnlyList<IoReport> Layers)
{
    public static GenerationReport Of(GenerationResult result, NeuralinkEngine engine, string model, ProfileReport? profile, GenerateSettings settings)
    {
        GenerationTimings t = result.Timings;
        MemoryPlan m = engine.Memory;
        return new GenerationReport(
            result.Text, result.PromptTokens, result.Tokens, result.FinishReason == Neuralink.FinishReason.Stop ? "stop" : "length",
            new TimingsReport(engine.LoadTime.TotalMilliseconds, t.PromptMillis, t.PredictedMillis, t.PromptPerSecond, t.PredictedPerSecond, t.FirstTokenMillis),
            IoReport.Of(result.Io),
            new MemoryReport(m.ResidentBytes, m.PredictorBytes, m.KvBytes, m.ActivationBytes, m.StagingBytes, m.CacheBytes, m.TotalBytes, ProcessMemory.PeakBytes()),
            result.FiringShare, model, engine.Strategy.Name,
            engine.DeviceDescription, profile, settings.Sampling.Seed, Neuralink.Diagnosis.Of(Diagnosed(result, engine)), [.. result.Layers.Select(IoReport.Of)]);
    }

    private static DiagnosedRun Diagnosed(GenerationResult r, NeuralinkEngine engine) => new(
        r.Io, r.Timings.PromptMillis + r.Timings.PredictedMillis, engine.PassesFor(r.PromptTokens) + Math.Max(0, r.Tokens.Count - 1), engine.Model.LayerCount,
        engine.Memory.Frames.CachedMax, engine.Strategy.ReadsAhead, engine.Options.ReadCost.BytesPerMicroMax * 1e6);

    public string ToJson() => JsonSerializer.Serialize(this, GenerationReportJson.Readable.GenerationReport);
}

/// <summary>What was taken from a device profile, or said in its place: Io as --io has it, sizes in bytes.</summary>
internal sealed record ProfileReport(string Name, string Io, int QueueDepth, long CollapseGapBytes);

internal sealed record TimingsReport(double LoadMs, double PromptMs, double PredictedMs, double PromptPerSecond, double PredictedPerSecond, double TtftMs);

/// <param name="BytesRead">From flash.</param>
/// <param name="BytesUsed">Of these, weights of neurons that were needed.</param>
/// <param name="Reads">Read commands.</param>
/// <param name="MeanReadBytes">Bytes of an average one.</param>
/// <param name="CacheHitRate">Of the neurons that were needed, the share in the cache.</param>
/// <param name="Prefetched">Read ahead.</param>
/// <param name="PrefetchOnTime">Of these, there when they were needed.</param>
/// <param name="PrefetchLate">On their way when they were needed.</param>
/// <param name="PrefetchWasted">Not needed.</param>
/// <param name="Repaired">Read when they were needed.</param>
/// <param name="WaitMs">Compute waiting for flash.</param>
/// <param name="IoMs">Flash busy.</param>
/// <param name="Wanted">Neurons that were needed.</param>
/// <param name="Bridged">Bundles read only because they lay in a gap.</param>
/// <param name="BridgedWantedLater">Of the bundles that were needed and read, those that had been read in a gap a few tokens before.</param>
/// <param name="Retries">Reads that were repeated because they failed.</param>
/// <param name="RawBytesPerSecond">What flash gave while it was busy.</param>
/// <param name="EffectiveBytesPerSecond">Of that, weights of neurons that were needed.</param>
/// <param name="LookaheadRecall">Of the needed, the share that lookahead named, or null.</param>
/// <param name="LookaheadPrecision">Of what lookahead named, the share that was needed, or null.</param>
/// <param name="PredictorPrecision">Of what the predictor named, the share that fired.</param>
/// <param name="PredictedShare">Of all neurons, the share that the predictor named.</param>
/// <param name="FiringShare">Of all neurons, the share that fired.</param>
/// <param name="LayerMs">From reaching attention to the end of the FFN.</param>
internal sealed record IoReport(
    long BytesRead, long BytesUsed, long Reads, double MeanReadBytes, double CacheHitRate, long Prefetched, long PrefetchOnTime,
    long PrefetchLate, long PrefetchWasted, long Repaired, double WaitMs, double IoMs, long Wanted, long Bridged, long BridgedWantedLater, long Retries,
    double RawBytesPerSecond, double EffectiveBytesPerSecond, double? LookaheadRecall, double? LookaheadPrecision, double PredictorPrecision,
    double PredictedShare, double FiringShare, double LayerMs)
{
    public static IoReport Of(IoFigures io) => new(
        io.BytesRead, io.BytesUsed, io.Reads, io.MeanReadBytes, io.CacheHitRate, io.Prefetched, io.PrefetchOnTime, io.PrefetchLate, io.PrefetchWasted,
        io.Repaired, io.WaitMillis, io.IoMillis, io.Wanted, io.Bridged, io.BridgedWantedLater, io.Retries, io.RawBytesPerSecond, io.EffectiveBytesPerSecond,
        io.LookaheadRecall, io.LookaheadPrecision, io.PredictorPrecision, io.PredictedShare, io.FiringShare, io.LayerMillis);
}

/// <summary>The engine's native memory, and beside it the largest resident set of the whole process so far (VmHWM on Linux).</summary>
internal sealed record MemoryReport(long Resident, long Predictor, long Kv, long Activations, long Staging, long Cache, long Total, long ProcessPeak);

[JsonSerializable(typeof(GenerationReport))]
internal sealed partial class GenerationReportJson : JsonSerializerContext
{
    /// <summary>Letters of any script stay as they are: the output goes to a file or a terminal, not into a web page.</summary>
    public static GenerationReportJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
