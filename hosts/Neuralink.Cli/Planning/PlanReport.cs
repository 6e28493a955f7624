using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Neuralink.Studies.Planning;

namespace Neuralink.Cli.Planning;

/// <summary>
/// What `plan --json` prints, in snake_case: sizes in bytes, times in milliseconds of a token, shares 0 to 1.
/// </summary>
internal sealed record PlanReport
{
    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>Whether it is an image.</summary>
    public required bool Packed { get; init; }

    /// <summary>Format of its matrices.</summary>
    public required string Weights { get; init; }

    /// <summary>How reading and computing share the time.</summary>
    public required string Strategy { get; init; }

    /// <summary>Why, where it was chosen; null where it was asked for.</summary>
    public required string? StrategyReason { get; init; }

    /// <summary>Who says which neurons fire.</summary>
    public required string Predictor { get; init; }

    /// <summary>Who says which later ones will; null where nothing is read ahead.</summary>
    public required string? Lookahead { get; init; }

    /// <summary>That compute.</summary>
    public required int Threads { get; init; }

    /// <summary>Of prompt and generated text.</summary>
    public required int ContextTokens { get; init; }

    /// <summary>Of the neurons at a token.</summary>
    [JsonPropertyName("firing_share")]
    public required double ActiveShare { get; init; }

    /// <summary>Whether a trace says so.</summary>
    [JsonPropertyName("firing_recorded")]
    public required bool ActivationRecorded { get; init; }

    /// <summary>What is read from.</summary>
    public required string Device { get; init; }

    /// <summary>Whether a profile says what its reads cost.</summary>
    public required bool DeviceMeasured { get; init; }

    /// <summary>Half the memory, or the smallest that works; the memory; double.</summary>
    public required IReadOnlyList<PlanColumn> Columns { get; init; }

    /// <summary>In words.</summary>
    public required IReadOnlyList<string> Assumptions { get; init; }

    public static PlanReport Of(
        PlanSubject subject, PlanDevice device, EngineOptions options, ActivationForecast active, LookaheadQuality lookahead,
        IReadOnlyList<PlanColumn> columns)
    {
        StrategySwitches strategy = StrategySwitches.Of(options.Strategy);
        return new PlanReport
        {
            Model = subject.Name,
            Packed = subject.Image is not null,
            Weights = subject.Model.Formats.ToManifest().ToString(),
            Strategy = strategy.Name,
            StrategyReason = device.Reason,
            Predictor = options.Predictor.Name,
            Lookahead = strategy.ReadsAhead ? (options.Lookahead ?? options.Predictor).Name : null,
            Threads = options.Threads,
            ContextTokens = options.ContextTokens!.Value,
            ActiveShare = active.ActiveShare,
            ActivationRecorded = active.IsRecorded,
            Device = device.Name,
            DeviceMeasured = device.IsMeasured,
            Columns = columns,
            Assumptions = [.. PlanAssumptions.Of(subject, device, options, active, lookahead)],
        };
    }

    public string ToJson() => JsonSerializer.Serialize(this, PlanReportJson.Readable.PlanReport);
}

/// <summary>The plan for one memory.</summary>
internal sealed record PlanColumn
{
    /// <summary>"half", "smallest", "double", or nothing for the memory asked for.</summary>
    public required string Name { get; init; }

    /// <summary>How it is shared out.</summary>
    public required PlanMemory Memory { get; init; }

    /// <summary>Of all neurons, those that the cache holds.</summary>
    public required double CachedShare { get; init; }

    /// <summary>Of the neurons wanted, those that are cached.</summary>
    public required double CacheHitRate { get; init; }

    /// <summary>Of the tokens of a layer, those before which it is looked ahead to.</summary>
    public required double LookaheadShare { get; init; }

    /// <summary>From flash.</summary>
    public required double BytesPerToken { get; init; }

    /// <summary>Of them.</summary>
    public required double ReadsPerToken { get; init; }

    /// <summary>The parts of a token's time.</summary>
    public required PlanMillis Millis { get; init; }

    /// <summary>What they come to.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Of the first <see cref="ContextFit.DefaultMaxTokens"/> in a new process, as generate measures them.</summary>
    public required double FirstTokensPerSecond { get; init; }

    public static PlanColumn Of(string name, GenerationPlan p)
    {
        MemoryPlan m = p.Memory;
        TokenTime t = p.Time;
        return new PlanColumn
        {
            Name = name,
            Memory = new PlanMemory(
                m.ResidentBytes, m.PredictorBytes, m.KvBytes, m.ActivationBytes, m.StagingBytes, m.CacheBytes, m.TotalBytes),
            CachedShare = p.CachedShare,
            CacheHitRate = p.HitShare,
            LookaheadShare = p.LookaheadShare,
            BytesPerToken = p.BytesPerToken,
            ReadsPerToken = p.ReadsPerToken,
            Millis = new PlanMillis
            {
                Resident = t.ResidentMillis,
                Predictor = t.PredictorMillis,
                Lookahead = t.LookaheadMillis,
                SparseFfn = t.FfnMillis,
                Overhead = t.OverheadMillis,
                Reads = t.DeviceMillis,
                ReadsHidden = t.HiddenMillis,
                Wait = t.WaitMillis,
                Token = t.TotalMillis,
            },
            TokensPerSecond = t.TokensPerSecond,
            FirstTokensPerSecond = p.FirstTokensPerSecond(ContextFit.DefaultMaxTokens),
        };
    }
}

/// <summary>The engine's native memory, as `generate --json` has it.</summary>
internal sealed record PlanMemory(long Resident, long Predictor, long Kv, long Activations, long Staging, long Cache, long Total);

/// <summary>Milliseconds of a token: what computes, then the device's work, what of it is hidden, what is waited for, and all.</summary>
internal sealed record PlanMillis
{
    public required double Resident { get; init; }

    public required double Predictor { get; init; }

    public required double Lookahead { get; init; }

    public required double SparseFfn { get; init; }

    public required double Overhead { get; init; }

    public required double Reads { get; init; }

    public required double ReadsHidden { get; init; }

    public required double Wait { get; init; }

    public required double Token { get; init; }
}

[JsonSerializable(typeof(PlanReport))]
internal sealed partial class PlanReportJson : JsonSerializerContext
{
    /// <summary>Letters of any script stay as they are.</summary>
    public static PlanReportJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
