namespace Neuralink.Studies.Measuring;

/// <summary>When the tokens of one text arrived at its reader.</summary>
/// <param name="TokenMillis">Of each token, from the request on; ascending, at least one.</param>
public sealed record TextTimes(IReadOnlyList<double> TokenMillis)
{
    /// <summary>From a token to the next, in milliseconds.</summary>
    internal IEnumerable<double> Gaps => TokenMillis.Zip(TokenMillis.Skip(1), (earlier, later) => later - earlier);
}

/// <summary>
/// How long readers waited, in milliseconds, by the definitions of vLLM's serving benchmark. What a text of one token does not have is
/// null.
/// </summary>
public sealed record LatencyMetrics
{
    /// <summary>Time to first token: from the request to its first token; the mean of all texts.</summary>
    public required double FirstTokenMillis { get; init; }

    /// <summary>Time per output token: of each text (the time of its last token - that of its first) / (tokens - 1); their mean.</summary>
    public required double? PerTokenMillis { get; init; }

    /// <summary>Inter-token latency: from a token to the next one of its text; the median over all tokens of all texts.</summary>
    public required double? GapMedianMillis { get; init; }

    /// <summary>Its 90th percentile.</summary>
    public required double? Gap90Millis { get; init; }

    /// <summary>Its 99th percentile.</summary>
    public required double? Gap99Millis { get; init; }

    /// <summary>The longest: the worst token.</summary>
    public required double? GapWorstMillis { get; init; }

    /// <summary>Of some texts, at least one.</summary>
    public static LatencyMetrics Of(IReadOnlyCollection<TextTimes> texts)
    {
        double[] gaps = [.. texts.SelectMany(t => t.Gaps)];
        return new LatencyMetrics
        {
            FirstTokenMillis = texts.Average(t => t.TokenMillis[0]),
            PerTokenMillis = gaps.Length == 0 ? null : texts.Where(t => t.TokenMillis.Count > 1).Average(t => t.Gaps.Average()),
            GapMedianMillis = GapAt(0.5),
            Gap90Millis = GapAt(0.9),
            Gap99Millis = GapAt(0.99),
            GapWorstMillis = GapAt(1),
        };

        double? GapAt(double share) => gaps.Length == 0 ? null : Statistics.Percentile(gaps, share);
    }
}
