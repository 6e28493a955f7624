namespace Neuralink.Actors.Prediction;

/// <summary>Which predictor, and what it is made from.</summary>
public sealed record PredictorOptions
{
    /// <summary>Knows exactly, from the resident gate matrix: never changes a token.</summary>
    public static PredictorOptions Exact { get; } = new() { Kind = PredictorKind.Exact };

    public required PredictorKind Kind { get; init; }
}

/// <summary>The kinds of predictors.</summary>
public enum PredictorKind
{
    /// <summary>The product with the gate matrix (for a plain FFN the up matrix), which is resident.</summary>
    Exact,
}
