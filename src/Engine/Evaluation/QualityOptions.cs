
namespace Neuralink.Evaluation;

/// <summary>How a model's perplexity is measured.</summary>
public sealed record QualityOptions
{
    /// <summary>
    /// The most tokens of a window unless it is said: a window's logits are kept, and a context of 32 Ki tokens would take gigabytes.
    /// </summary>
    public const int DefaultWindowTokensMax = 2048;

    /// <summary>
    /// The predictor that is compared with the dense model; null measures the dense model alone. Not an oracle, which knows one text.
    /// </summary>
    public PredictorOptions? Predictor { get; init; }

    /// <summary>
    /// Tokens of a window, 2 to the model's context; null is the context, or <see cref="DefaultWindowTokensMax"/> if that is less.
    /// </summary>
    public int? WindowTokens { get; init; }

    /// <summary>
    /// From one window to the next, 1 to one less than a window; null is half a window: what is scored twice
    /// is then run twice, and no more.
    /// </summary>
    public int? StrideTokens { get; init; }

    /// <summary>Workers that compute; the figures do not depend on it.</summary>
    public int Threads { get; init; } = new EngineOptions().Threads;

    /// <summary>Budget for all native memory, of both models and of the logits that are compared; null takes what is needed.</summary>
    public long? MemoryBytes { get; init; }
}
