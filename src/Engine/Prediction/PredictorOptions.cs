using Neuralink.Models.Inference.Predictors;

namespace Neuralink;

/// <summary>Which predictor, and what it is made from.</summary>
public sealed record PredictorOptions
{
    /// <summary>Knows exactly, from the resident gate matrix: never changes a token.</summary>
    public static PredictorOptions Exact { get; } = new() { Kind = PredictorKind.Exact };

    /// <summary>Names all neurons, and so never changes a token.</summary>
    public static PredictorOptions All { get; } = new() { Kind = PredictorKind.All };

    public required PredictorKind Kind { get; init; }

    /// <summary>
    /// Low-rank: the predictor's file, or published weights; svd: the predictor's file; null takes the image's own. Oracle: the activation
    /// trace, which it needs. The others have none.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>Of a sketch, bits a weight, 2 to 4.</summary>
    public int Bits { get; init; } = SketchPredictor.DefaultBits;

    /// <summary>
    /// Of a sketch, by how many standard deviations of its error a gate may miss its threshold. Null:
    /// <see cref="SketchPredictor.DefaultMargin"/>, and for lookahead <see cref="SketchLookaheadMargin"/>.
    /// </summary>
    public float? Margin { get; init; }

    /// <summary>
    /// A sketch's margin for another layer's input: what it names beyond the certain costs reads in vain, and its misses are repaired
    /// (docs/experiments/predictors.md).
    /// </summary>
    public const float SketchLookaheadMargin = 0f;

    /// <summary>
    /// Of published low-rank weights, the logit from which on a neuron is predicted; PowerInfer's `powerinfer.sparse_threshold`.
    /// </summary>
    public float Threshold { get; init; }

    /// <summary>Whether tokens are those of the dense model.</summary>
    public bool IsExact => Kind is PredictorKind.Exact or PredictorKind.Oracle or PredictorKind.All;

    /// <summary>The word for it.</summary>
    public string Name => Kind switch
    {
        PredictorKind.Exact => "exact",
        PredictorKind.LowRank => "low-rank",
        PredictorKind.Sketch => "sketch",
        PredictorKind.Svd => "svd",
        PredictorKind.All => "all",
        _ => "oracle",
    };

    /// <summary>For people, in messages.</summary>
    public override string ToString() => Kind switch
    {
        PredictorKind.Sketch => $"a sketch of {Bits} bits",
        PredictorKind.Oracle when Path is null => "an oracle without a trace",
        _ => Path is null ? Name : $"{Name} of {Path}",
    };

    internal bool IsValid => Enum.IsDefined(Kind) && Bits is >= 2 and <= 4 && float.IsFinite(Margin ?? 0) && float.IsFinite(Threshold)
        && (Kind != PredictorKind.Oracle || Path is not null);
}

/// <summary>The kinds of predictors.</summary>
public enum PredictorKind
{
    /// <summary>The product with the gate matrix (for a plain FFN the up matrix), which is resident.</summary>
    Exact,

    /// <summary>fc2 · relu(fc1 · input), trained by `neuralink train-predictor` or published with the model. Approximate.</summary>
    LowRank,

    /// <summary>The product with the gate matrix in 2 to 4 bits. Approximate.</summary>
    Sketch,

    /// <summary>All neurons of a layer, which nobody has to be asked for.</summary>
    All,

    /// <summary>The true set, from an activation trace of the very tokens: for studies.</summary>
    Oracle,

    /// <summary>
    /// fc2 · fc1 · input + bias, the gate matrix decomposed by `neuralink train-predictor --method svd`. Approximate.
    /// </summary>
    Svd,
}
