namespace Neuralink.Studies.Cells;

/// <summary>
/// What came of a cell: the means of a token, over all layers. Times in milliseconds. Each property is a key of results.jsonl and a column
/// of results.csv, under its name in snake_case.
/// </summary>
public sealed record CellResult
{
    /// <summary>From a token to the next.</summary>
    public required double TokenMillis { get; init; }

    /// <summary>The standard deviation of that: over the tokens of a simulated cell, over the repetitions of a measured one.</summary>
    public required double TokenMillisDeviation { get; init; }

    /// <summary>The slowest token.</summary>
    public required double WorstTokenMillis { get; init; }

    /// <summary>Attention, norms and logits.</summary>
    public required double AttentionMillis { get; init; }

    /// <summary>Saying which neurons a layer needs.</summary>
    public required double PredictorMillis { get; init; }

    /// <summary>Saying which a later layer will need.</summary>
    public required double LookaheadMillis { get; init; }

    /// <summary>The neurons.</summary>
    public required double FfnMillis { get; init; }

    /// <summary>Processor time of reads and messages that delays computing.</summary>
    public required double OverheadMillis { get; init; }

    /// <summary>Waiting for flash with nothing else to do: the visible wait.</summary>
    public required double WaitMillis { get; init; }

    /// <summary>The device's work, beside all this.</summary>
    public required double DeviceMillis { get; init; }

    /// <summary>Bytes read.</summary>
    public required double Bytes { get; init; }

    /// <summary>Read commands.</summary>
    public required double Reads { get; init; }

    /// <summary>Bytes of neurons that were needed, over all layers and cached or not: below this, an LRU cache hits nothing.</summary>
    public required double DemandBytes { get; init; }

    /// <summary>Bytes of the neuron cache.</summary>
    public required double CacheBytes { get; init; }

    /// <summary>Of the wanted neurons, the share that was cached, 0 to 1.</summary>
    public required double HitRate { get; init; }

    /// <summary>Bytes a second of needed neurons that came from flash while it was busy.</summary>
    public required double EffectiveBytesPerSecond { get; init; }

    /// <summary>Neurons read ahead that were there when they were wanted.</summary>
    public required double AheadOnTime { get; init; }

    /// <summary>Neurons read ahead that were still on their way.</summary>
    public required double AheadLate { get; init; }

    /// <summary>Neurons read ahead in vain.</summary>
    public required double AheadWasted { get; init; }

    /// <summary>Neurons read when the layer wanted them.</summary>
    public required double DemandMisses { get; init; }

    /// <summary>Mean bytes of a read.</summary>
    public double MeanReadBytes => Reads == 0 ? 0 : Bytes / Reads;

    /// <summary>Tokens a second.</summary>
    public double TokensPerSecond => 1000 / TokenMillis;

    /// <summary>All but waiting.</summary>
    public double ComputeMillis => TokenMillis - WaitMillis;

    /// <summary>The visible wait as a share of the token, 0 to 1.</summary>
    public double WaitShare => WaitMillis / TokenMillis;

    /// <summary>One token's reads and computing; null where it was not recorded.</summary>
    public CellTimeline? Timeline { get; init; }
}

/// <summary>What happened during one token, from its beginning on.</summary>
/// <param name="TotalMicros">How long it took.</param>
/// <param name="Spans">What happened when, by lane and beginning.</param>
public sealed record CellTimeline(double TotalMicros, IReadOnlyList<TimelineSpan> Spans);

/// <summary>Something that took a while.</summary>
/// <param name="Lane">Where.</param>
/// <param name="What">Attention, predictor, lookahead, hits, arrived, down; of the device demand, ahead.</param>
/// <param name="Layer">For which layer.</param>
/// <param name="StartMicros">From the token's beginning.</param>
/// <param name="EndMicros">The same.</param>
/// <param name="Bytes">Of reads, which may be several that followed each other; else 0.</param>
public readonly record struct TimelineSpan(TimelineLane Lane, string What, int Layer, double StartMicros, double EndMicros, long Bytes);

/// <summary>Who is busy.</summary>
public enum TimelineLane
{
    /// <summary>The processors.</summary>
    Computing,

    /// <summary>The device.</summary>
    Reading,
}
