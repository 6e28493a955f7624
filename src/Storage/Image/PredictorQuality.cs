using System.Text.Json.Serialization;

namespace Neuralink.Storage.Image;

/// <summary>Which approximate predictor, whatever its file is called. Null is written, not left out.</summary>
/// <param name="Kind">"sketch", "low-rank" or "svd".</param>
/// <param name="Bits">Of a sketch, bits a weight; null for others.</param>
/// <param name="Margin">Of a sketch, standard deviations of its error by which a gate may miss its threshold; null for others.</param>
/// <param name="Xxh128">Of a low-rank or svd predictor's file, its <see cref="FileDigest"/>; null for others.</param>
/// <param name="Threshold">Of published low-rank weights, the logit from which on a neuron is predicted; null for others.</param>
public sealed record PredictorIdentity(string Kind, int? Bits, float? Margin, string? Xxh128, float? Threshold)
{
    /// <summary>A sketch.</summary>
    public static PredictorIdentity Sketch(int bits, float margin) => new("sketch", bits, margin, null, null);

    /// <summary>A low-rank predictor.</summary>
    public static PredictorIdentity LowRank(string xxh128, float threshold) => new("low-rank", null, null, xxh128, threshold);

    /// <summary>One that decomposes the model's own matrices.</summary>
    public static PredictorIdentity Svd(string xxh128, float threshold) => new("svd", null, null, xxh128, threshold);

    /// <summary>What is wrong with it, in words, or null.</summary>
    internal string? Flaw()
    {
        bool isSketch = Bits is >= 2 and <= 4 && Margin is { } margin && float.IsFinite(margin) && Xxh128 is null && Threshold is null;
        bool isLowRank = Xxh128 is { } digest && FileDigest.IsWellFormed(digest) && Threshold is { } threshold && float.IsFinite(threshold)
            && Bits is null && Margin is null;
        return Kind switch
        {
            "sketch" => isSketch ? null : "a sketch without its bits and margin, or with something else",
            "low-rank" or "svd" => isLowRank ? null : $"a {Kind} predictor without its digest and threshold, or with something else",
            _ => $"a predictor of the kind '{Kind}'",
        };
    }
}

/// <summary>What a predictor costs the model, as `neuralink perplexity` measured it.</summary>
public sealed record PredictorQuality
{
    public required PredictorIdentity Predictor { get; init; }

    /// <summary>With it.</summary>
    public required double Perplexity { get; init; }

    /// <summary>With all neurons, on the same tokens.</summary>
    public required double DensePerplexity { get; init; }

    /// <summary>Share of the tokens, 0 to 1, for which both find the same token most probable.</summary>
    public required double AgreementShare { get; init; }

    /// <summary>Mean over the tokens of KL(dense || predicted), in nats.</summary>
    public required double KlDivergenceNats { get; init; }

    /// <summary>Share of the neurons that was predicted.</summary>
    public required double PredictedShare { get; init; }

    /// <summary>Share of the neurons that were active in the dense run.</summary>
    [JsonPropertyName("firing_share")]
    public required double ActiveShare { get; init; }

    /// <summary>Tokens that were scored.</summary>
    public required int TokenCount { get; init; }

    /// <summary>Tokens of a window.</summary>
    public required int WindowTokens { get; init; }

    /// <summary>From one window to the next.</summary>
    public required int StrideTokens { get; init; }

    /// <summary>What was scored, for people: the names of the texts.</summary>
    public required string Texts { get; init; }

    /// <summary>The program, for people.</summary>
    public required string MeasuredWith { get; init; }

    /// <summary>What is wrong with it, in words, or null.</summary>
    internal string? Flaw()
    {
        if (Predictor.Flaw() is { } flaw)
            return flaw;
        // What is no number is in no range.
        if (!(Perplexity is >= 1 and <= double.MaxValue && DensePerplexity is >= 1 and <= double.MaxValue))
            return $"perplexities of {Perplexity} and {DensePerplexity}";
        if (!(KlDivergenceNats is >= 0 and <= double.MaxValue))
            return $"a divergence of {KlDivergenceNats}";
        foreach (double share in (ReadOnlySpan<double>)[AgreementShare, PredictedShare, ActiveShare])
        {
            if (!(share is >= 0 and <= 1))
                return $"a share of {share}";
        }
        return TokenCount >= 1 && WindowTokens >= 2 && StrideTokens >= 1 && StrideTokens < WindowTokens
            ? null
            : $"{TokenCount} tokens in windows of {WindowTokens}, {StrideTokens} apart";
    }
}
