using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Neuralink.Cli.Terminal;
using Neuralink.Storage.Devices;

namespace Neuralink.Cli.Generate;

/// <summary>
/// What --json prints, in snake_case. The names are a contract that tools parse: new ones may be added, none is renamed or removed.
/// Times in milliseconds, sizes in bytes, io.prefetched to io.repaired in neurons, rates and shares 0 to 1.
/// </summary>
internal sealed record GenerationReport
{
    /// <summary>What was generated, without the prompt.</summary>
    public required string Text { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>The generated ids.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>"stop" or "length".</summary>
    public required string FinishReason { get; init; }

    /// <summary>How long it took.</summary>
    public required TimingsReport Timings { get; init; }

    /// <summary>What was read.</summary>
    public required IoMetrics Io { get; init; }

    /// <summary>How the native memory is shared out.</summary>
    public required MemoryReport Memory { get; init; }

    /// <summary>Share of the neurons that fired, over all layers and tokens.</summary>
    [JsonPropertyName("firing_share")]
    public required double ActiveShare { get; init; }

    /// <summary>Its name.</summary>
    public required string Model { get; init; }

    /// <summary>How reading and computing shared the time.</summary>
    public required string Strategy { get; init; }

    /// <summary>Where the neurons were read from, and how.</summary>
    public required string Device { get; init; }

    /// <summary>The device profile that decided how to read, or null.</summary>
    public required ProfileReport? Profile { get; init; }

    /// <summary>Of the random numbers.</summary>
    public required ulong Seed { get; init; }

    /// <summary>What held the run up, and what to change, in words.</summary>
    public required string Diagnosis { get; init; }

    /// <summary>What Io says, layer by layer.</summary>
    public required IReadOnlyList<IoMetrics> Layers { get; init; }

    public static GenerationReport Of(GenerationResult result, NeuralinkEngine engine, GenerateSettings settings)
    {
        GenerationTimings t = result.Timings;
        MemoryPlan m = engine.Memory;
        return new GenerationReport
        {
            Text = result.Text,
            PromptTokens = result.PromptTokens,
            Tokens = result.Tokens,
            FinishReason = result.FinishReason == Neuralink.FinishReason.Stop ? "stop" : "length",
            Timings = new TimingsReport(
                engine.LoadTime.TotalMilliseconds, t.PromptMillis, t.PredictedMillis, t.PromptPerSecond, t.PredictedPerSecond,
                t.FirstTokenMillis),
            Io = result.Io,
            Memory = new MemoryReport(
                m.ResidentBytes, m.PredictorBytes, m.KvBytes, m.ActivationBytes, m.StagingBytes, m.CacheBytes, m.TotalBytes,
                ProcessMemory.PeakBytes()),
            ActiveShare = result.ActiveShare,
            Model = engine.Name,
            Strategy = engine.Strategy.Name,
            Device = engine.DeviceDescription,
            Profile = engine.Profile is { } use ? ProfileReport.Of(use, engine.Image.StrideBytes) : null,
            Seed = settings.Sampling.Seed!.Value,      // the command line gives one, or draws it
            Diagnosis = engine.Diagnose(result),
            Layers = result.Layers,
        };
    }

    public string ToJson() => JsonSerializer.Serialize(this, GenerationReportJson.Readable.GenerationReport);
}

/// <summary>What was taken from a device profile, or said in its place: Io as --io has it, sizes in bytes.</summary>
internal sealed record ProfileReport(string Name, string Io, int QueueDepth, long CollapseGapBytes)
{
    public static ProfileReport Of(ProfileUse use, int strideBytes) =>
        new(use.Name, NameOf(use.Io), use.QueueDepth, use.ReadCost.BreakEvenGapBytes(strideBytes));

    private static string NameOf(FlashAccess io) => io switch
    {
        FlashAccess.Direct => "direct",
        FlashAccess.Buffered => "buffered",
        _ => "uring",
    };
}

internal sealed record TimingsReport(
    double LoadMs, double PromptMs, double PredictedMs, double PromptPerSecond, double PredictedPerSecond, double TtftMs);

/// <summary>The engine's native memory, and beside it the largest resident set of the whole process so far (VmHWM on Linux).</summary>
internal sealed record MemoryReport(
    long Resident, long Predictor, long Kv, long Activations, long Staging, long Cache, long Total, long ProcessPeak);

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
