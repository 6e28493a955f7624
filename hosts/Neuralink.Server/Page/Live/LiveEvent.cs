using System.Text.Json.Serialization;
using Neuralink.Storage.Image;

namespace Neuralink.Server.Page.Live;

/// <summary>An event of /live: the engine, which comes first and once, or a sample.</summary>
internal sealed record LiveEvent
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LiveEngine? Engine { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LiveSample? Sample { get; init; }
}

/// <summary>What does not change while the engine is open.</summary>
internal sealed record LiveEngine(string Model, int Layers, int ContextTokens, int SequencesMax, string Strategy, string Device)
{
    public required LiveMemory Memory { get; init; }

    public static LiveEngine Of(NeuralinkEngine engine, string name) =>
        new(name, engine.Model.LayerCount, engine.ContextTokens, engine.Options.SequencesMax, engine.Strategy.Name, DeviceOf(engine))
        {
            Memory = LiveMemory.Of(engine.Memory),
        };

    // Where files lie on the server is nobody's business.
    private static string DeviceOf(NeuralinkEngine engine) =>
        engine.DeviceDescription.Replace(engine.Image.NeuronsPath, ImageFiles.Neurons, StringComparison.Ordinal);
}

/// <summary>Native memory by part, in bytes; what each is says <see cref="MemoryPlan"/>.</summary>
internal sealed record LiveMemory(
    long ResidentBytes, long PredictorBytes, long KvBytes, long ActivationBytes, long StagingBytes, long CacheBytes)
{
    public static LiveMemory Of(MemoryPlan plan) =>
        new(plan.ResidentBytes, plan.PredictorBytes, plan.KvBytes, plan.ActivationBytes, plan.StagingBytes, plan.CacheBytes);
}

/// <summary>What the engine is doing, and what it did since the sample before.</summary>
internal sealed record LiveSample
{
    public required EngineStatus Status { get; init; }

    /// <summary>Since the engine was opened.</summary>
    public required LiveTexts Texts { get; init; }

    public required LiveSpan Since { get; init; }

    /// <summary>The last passes, oldest first: not all there were since the sample before.</summary>
    public required IReadOnlyList<LivePass> Passes { get; init; }
}

/// <summary>Texts that are over.</summary>
internal sealed record LiveTexts(long Finished, long Failed, long Cancelled);

/// <summary>What was done since the sample before.</summary>
/// <param name="Ms">The time it was done in, at most: a quarter of a second, or longer where the reader is slow.</param>
/// <param name="Passes">Forward passes.</param>
/// <param name="PromptRows">Tokens of prompts that these had.</param>
/// <param name="DecodeRows">Tokens of texts that are being continued: each of these rows makes one token.</param>
/// <param name="BytesRead">Bytes that arrived from flash.</param>
/// <param name="Wanted">Neurons that layers needed.</param>
/// <param name="CacheHits">Of them, those that earlier use had left in DRAM.</param>
internal sealed record LiveSpan(double Ms, long Passes, long PromptRows, long DecodeRows, long BytesRead, long Wanted, long CacheHits);

/// <summary>A forward pass; times in milliseconds.</summary>
internal sealed record LivePass(long Number, double StartMs, double TotalMs, int Sequences, int PromptRows, int DecodeRows)
{
    public required IReadOnlyList<LiveLayer> Layers { get; init; }

    public static LivePass Of(PassMetrics pass) =>
        new(
            pass.Number, Rounded(pass.StartMillis), Rounded(pass.TotalMillis), pass.Sequences, pass.PromptRows, pass.DecodeRows)
        {
            Layers =
            [
                .. pass.Layers.Select(layer => new LiveLayer(
                    Rounded(layer.ComputeMillis), Rounded(layer.WaitMillis), layer.BytesRead, layer.Reads, Rounded(layer.HitRate))),
            ],
        };

    private static double Rounded(double value) => Math.Round(value, 3);
}

/// <summary>A layer of a pass; what each number is says <see cref="PassLayer"/>.</summary>
internal sealed record LiveLayer(double ComputeMs, double WaitMs, long BytesRead, long Reads, double HitRate);
