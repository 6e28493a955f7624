using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Neuralink.Studies.Planning;
using Neuralink.Models.Weights;

namespace Neuralink.Cli.Planning;

/// <summary>
/// What `plan --json` prints, in snake_case: sizes in bytes, times in milliseconds of a token, shares 0 to 1.
/// </summary>
/// <param name="Model">The model's name.</param>
/// <param name="Packed">Whether it is an image.</param>
/// <param name="Weights">Format of its matrices.</param>
/// <param name="Strategy">How reading and computing share the time.</param>
/// <param name="Predictor">Who says which neurons fire.</param>
/// <param name="Lookahead">Who says which later ones will; null where nothing is read ahead.</param>
/// <param name="Threads">That compute.</param>
/// <param name="ContextTokens">Of prompt and generated text.</param>
/// <param name="FiringShare">Of the neurons at a token.</param>
/// <param name="FiringRecorded">Whether a trace says so.</param>
/// <param name="Device">What is read from.</param>
/// <param name="DeviceMeasured">Whether a profile says what its reads cost.</param>
/// <param name="Columns">Half the memory, or the smallest that works; the memory; double.</param>
/// <param name="Assumptions">In words.</param>
internal sealed record PlanReport(
    string Model, bool Packed, string Weights, string Strategy, string Predictor, string? Lookahead, int Threads, int ContextTokens,
    double FiringShare, bool FiringRecorded, string Device, bool DeviceMeasured, IReadOnlyList<PlanColumn> Columns,
    IReadOnlyList<string> Assumptions)
{
    public static PlanReport Of(
        PlanSubject subject, PlanDevice device, EngineOptions options, FiringForecast firing, LookaheadQuality lookahead,
        IReadOnlyList<PlanColumn> columns)
    {
        StrategySwitches strategy = StrategySwitches.Of(options.Strategy);
        return new PlanReport(
            subject.Name, subject.Image is not null, WeightFormats.NameOf(subject.Model.Format), strategy.Name, options.Predictor.Name,
            strategy.ReadsAhead ? (options.Lookahead ?? options.Predictor).Name : null, options.Threads, options.ContextTokens!.Value,
            firing.FiringShare, firing.IsRecorded,
            device.Name, device.IsMeasured, columns, [.. PlanAssumptions.Of(subject, device, options, firing, lookahead)]);
    }

    public string ToJson() => JsonSerializer.Serialize(this, PlanReportJson.Readable.PlanReport);
}

/// <summary>The plan for one memory.</summary>
/// <param name="Name">"half", "smallest", "double", or nothing for the memory asked for.</param>
/// <param name="Memory">How it is shared out.</param>
/// <param name="CachedShare">Of all neurons, those that the cache holds.</param>
/// <param name="CacheHitRate">Of the neurons wanted, those that are cached.</param>
/// <param name="BytesPerToken">From flash.</param>
/// <param name="ReadsPerToken">Of them.</param>
/// <param name="Millis">The parts of a token's time.</param>
/// <param name="TokensPerSecond">What they come to.</param>
/// <param name="FirstTokensPerSecond">Of the first <see cref="ContextFit.DefaultMaxTokens"/> in a new process, as generate measures
/// them.</param>
internal sealed record PlanColumn(
    string Name, PlanMemory Memory, double CachedShare, double CacheHitRate, double BytesPerToken, double ReadsPerToken, PlanMillis Millis,
    double TokensPerSecond, double FirstTokensPerSecond)
{
    public static PlanColumn Of(string name, GenerationPlan p)
    {
        MemoryPlan m = p.Memory;
        TokenTime t = p.Time;
        return new PlanColumn(
            name,
            new PlanMemory(m.ResidentBytes, m.PredictorBytes, m.KvBytes, m.ActivationBytes, m.StagingBytes, m.CacheBytes, m.TotalBytes),
            p.CachedShare, p.HitShare, p.BytesPerToken, p.ReadsPerToken,
            new PlanMillis(
                t.ResidentMillis, t.PredictorMillis, t.LookaheadMillis, t.FfnMillis, t.OverheadMillis, t.DeviceMillis, t.HiddenMillis,
                t.WaitMillis, t.TotalMillis),
            t.TokensPerSecond, p.FirstTokensPerSecond(ContextFit.DefaultMaxTokens));
    }
}

/// <summary>The engine's native memory, as `generate --json` has it.</summary>
internal sealed record PlanMemory(long Resident, long Predictor, long Kv, long Activations, long Staging, long Cache, long Total);

/// <summary>Milliseconds of a token: what computes, then the device's work, what of it is hidden, what is waited for, and all.</summary>
internal sealed record PlanMillis(
    double Resident, double Predictor, double Lookahead, double SparseFfn, double Overhead, double Reads, double ReadsHidden,
    double Wait, double Token);

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
