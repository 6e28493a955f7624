using Neuralink.Placement;

namespace Neuralink;

/// <summary>Where the time of a run went and what was read, of the whole run or of one layer. Counts of neurons, bytes and reads; times in milliseconds; shares 0 to 1.</summary>
public sealed record IoFigures
{
    /// <summary>Bytes read from flash.</summary>
    public required long BytesRead { get; init; }

    /// <summary>Of these, weights of neurons that were needed.</summary>
    public required long BytesUsed { get; init; }

    /// <summary>Read commands, repeated ones included.</summary>
    public required long Reads { get; init; }

    /// <summary>Reads that were repeated because they failed.</summary>
    public required long Retries { get; init; }

    /// <summary>Neurons that were needed: fired, or were predicted to; once a pass.</summary>
    public required long Wanted { get; init; }

    /// <summary>Of these, those that earlier use had left in DRAM.</summary>
    public required long CacheHits { get; init; }

    /// <summary>Bundles read only because they lay in a gap.</summary>
    public required long Bridged { get; init; }

    /// <summary>Bundles read although they had been read in a gap a few tokens before: what keeping those would have saved.</summary>
    public required long BridgedWantedLater { get; init; }

    /// <summary>Neurons read ahead.</summary>
    public required long Prefetched { get; init; }

    /// <summary>Wanted ones that had been read ahead.</summary>
    public required long PrefetchOnTime { get; init; }

    /// <summary>Wanted ones that were being read ahead.</summary>
    public required long PrefetchLate { get; init; }

    /// <summary>Read ahead in vain.</summary>
    public required long PrefetchWasted { get; init; }

    /// <summary>Read when the layer wanted them.</summary>
    public required long Repaired { get; init; }

    /// <summary>Of what was wanted, the share that lookahead had named; null without lookahead.</summary>
    public required double? LookaheadRecall { get; init; }

    /// <summary>Of what lookahead named, the share that was wanted; null without lookahead.</summary>
    public required double? LookaheadPrecision { get; init; }

    /// <summary>Of what the predictor named, the share that fired; 1 for an exact one.</summary>
    public required double PredictorPrecision { get; init; }

    /// <summary>Share of all neurons that the predictor named, over all tokens.</summary>
    public required double PredictedShare { get; init; }

    /// <summary>Share of all neurons that fired, as far as they were predicted, over all tokens.</summary>
    public required double FiringShare { get; init; }

    /// <summary>Compute waiting for flash with nothing else to do: lookahead and hits are done.</summary>
    public required double WaitMillis { get; init; }

    /// <summary>At least one read in flight.</summary>
    public required double IoMillis { get; init; }

    /// <summary>From reaching the layers' attention to leaving them, the wait included.</summary>
    public required double LayerMillis { get; init; }

    /// <summary>Share of the wanted neurons that earlier use had left in DRAM.</summary>
    public double CacheHitRate => Ratio(CacheHits, Wanted);

    /// <summary>Bytes of an average read.</summary>
    public double MeanReadBytes => Ratio(BytesRead, Reads);

    /// <summary>Bytes a second that came from flash while it was busy.</summary>
    public double RawBytesPerSecond => IoMillis > 0 ? BytesRead / (IoMillis / 1000) : 0;

    /// <summary>Of these, bytes a second of neurons that were needed: the paper's effective bandwidth (arXiv 2410.19274, evaluation).</summary>
    public double EffectiveBytesPerSecond => IoMillis > 0 ? BytesUsed / (IoMillis / 1000) : 0;

    /// <summary>What <paramref name="spent"/> means.</summary>
    /// <param name="spent">The counters of the run.</param>
    /// <param name="layer">Of which layer; null for all together.</param>
    /// <param name="neuronsPerLayer">Neurons of a layer.</param>
    /// <param name="payloadBytes">Weights of one.</param>
    /// <param name="time">The clock of the ticks.</param>
    internal static IoFigures Of(LayerCounters spent, LayerIndex? layer, int neuronsPerLayer, int payloadBytes, TimeProvider time)
    {
        bool looksAhead = Count(Counter.LookaheadNamed) > 0;
        double pairs = (double)Count(Counter.Tokens) * neuronsPerLayer;
        return new IoFigures
        {
            BytesRead = Count(Counter.BytesRead),
            BytesUsed = (Count(Counter.PrefetchOnTime) + Count(Counter.PrefetchLate) + Count(Counter.DemandMisses)) * payloadBytes,
            Reads = Count(Counter.Reads),
            Retries = Count(Counter.Retries),
            Wanted = Count(Counter.Wanted),
            CacheHits = Count(Counter.CacheHits),
            Bridged = Count(Counter.BundlesBridged),
            BridgedWantedLater = Count(Counter.BridgedWantedLater),
            Prefetched = Count(Counter.Prefetched),
            PrefetchOnTime = Count(Counter.PrefetchOnTime),
            PrefetchLate = Count(Counter.PrefetchLate),
            PrefetchWasted = Count(Counter.PrefetchWasted),
            Repaired = Count(Counter.DemandMisses),
            LookaheadRecall = looksAhead ? Ratio(Count(Counter.LookaheadHits), Count(Counter.Wanted)) : null,
            LookaheadPrecision = looksAhead ? Ratio(Count(Counter.LookaheadHits), Count(Counter.LookaheadNamed)) : null,
            PredictorPrecision = Ratio(Count(Counter.FiredPairs), Count(Counter.PredictedPairs)),
            PredictedShare = Ratio(Count(Counter.PredictedPairs), pairs),
            FiringShare = Ratio(Count(Counter.FiredPairs), pairs),
            WaitMillis = Millis(Counter.WaitTicks),
            IoMillis = Millis(Counter.BusyTicks),
            LayerMillis = Millis(Counter.LayerTicks),
        };

        long Count(Counter counter) => layer is { } of ? spent[of, counter] : spent[counter];

        double Millis(Counter counter) => time.GetElapsedTime(0, Count(counter)).TotalMilliseconds;
    }

    private static double Ratio(double part, double whole) => whole == 0 ? 0 : part / whole;
}
