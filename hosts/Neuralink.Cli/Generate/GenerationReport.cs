using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Neuralink.Actors;
using Neuralink.Actors.Generation;
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
internal sealed record GenerationReport(
    string Text, int PromptTokens, IReadOnlyList<int> Tokens, string FinishReason, TimingsReport Timings, IoReport Io, MemoryReport Memory,
    double FiringShare, string Model, string Strategy, string Device, ProfileReport? Profile, ulong Seed)
{
    public static GenerationReport Of(GenerationResult result, NeuralinkEngine engine, string model, ProfileReport? profile, GenerateSettings settings)
    {
        GenerationTimings t = result.Timings;
        IoFigures io = result.Io;
        MemoryPlan m = engine.Memory;
        return new GenerationReport(
            result.Text, result.PromptTokens, result.Tokens, result.FinishReason == Actors.Generation.FinishReason.Stop ? "stop" : "length",
            new TimingsReport(engine.LoadTime.TotalMilliseconds, t.PromptMillis, t.PredictedMillis, t.PromptPerSecond, t.PredictedPerSecond, t.FirstTokenMillis),
            new IoReport(
                io.BytesRead, io.BytesUsed, io.Reads, io.MeanReadBytes, io.CacheHitRate, io.Prefetched, io.PrefetchOnTime, io.PrefetchLate,
                io.PrefetchWasted, io.Repaired, io.WaitMillis, io.IoMillis),
            new MemoryReport(m.ResidentBytes, m.PredictorBytes, m.KvBytes, m.ActivationBytes, m.StagingBytes, m.CacheBytes, m.TotalBytes, ProcessMemory.PeakBytes()),
            result.FiringShare, model, StrategySwitches.Of(settings.Engine.Strategy).Name,
            engine.DeviceDescription, profile, settings.Sampling.Seed);
    }

    public string ToJson() => JsonSerializer.Serialize(this, GenerationReportJson.Readable.GenerationReport);
}

/// <summary>What was taken from a device profile, or said in its place: Io as --io has it, sizes in bytes.</summary>
internal sealed record ProfileReport(string Name, string Io, int QueueDepth, long CollapseGapBytes);

internal sealed record TimingsReport(double LoadMs, double PromptMs, double PredictedMs, double PromptPerSecond, double PredictedPerSecond, double TtftMs);

internal sealed record IoReport(
    long BytesRead, long BytesUsed, long Reads, double MeanReadBytes, double CacheHitRate, long Prefetched, long PrefetchOnTime,
    long PrefetchLate, long PrefetchWasted, long Repaired, double WaitMs, double IoMs);

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
