namespace Neuralink.Pipeline.Metrics;

/// <summary>
/// What is counted of each layer. Each counter has one writer, the actor it stands under; neurons are counted once a pass, pairs once a
/// token.
/// </summary>
internal enum Counter
{
    // Predictor

    /// <summary>Tokens that passed.</summary>
    Tokens,

    /// <summary>(neuron, token) pairs that the predictor named.</summary>
    PredictedPairs,

    /// <summary>Tokens whose pass looked ahead to the layer.</summary>
    LookaheadTokens,

    // Cache

    /// <summary>Neurons that a pass needed: fire, or are predicted to.</summary>
    Wanted,

    /// <summary>Of these, cached from earlier.</summary>
    CacheHits,

    /// <summary>Neurons that lookahead named.</summary>
    LookaheadNamed,

    /// <summary>Of these, wanted.</summary>
    LookaheadHits,

    /// <summary>Neurons read ahead.</summary>
    Prefetched,

    /// <summary>Wanted, and in DRAM already because they were read ahead.</summary>
    PrefetchOnTime,

    /// <summary>Wanted while still being read ahead.</summary>
    PrefetchLate,

    /// <summary>Read ahead in vain.</summary>
    PrefetchWasted,

    /// <summary>Wanted, and read only then: what lookahead missed, and everything where there is none.</summary>
    DemandMisses,

    /// <summary>Read, and a few passes before read already, only because they lay in a gap: what keeping those would have saved.</summary>
    BridgedWantedLater,

    /// <summary>Bundles asked for because the cache had room, before anybody wanted them.</summary>
    WarmedUp,

    /// <summary>Wanted while still being read because the cache had room.</summary>
    WarmUpLate,

    // Io

    /// <summary>Read commands, repeated ones included; but for those of <see cref="WarmUpReads"/>.</summary>
    Reads,

    /// <summary>Bytes that arrived by them.</summary>
    BytesRead,

    /// <summary>Read commands that only warmed the cache up, repeated ones included.</summary>
    WarmUpReads,

    /// <summary>Bytes that arrived by them.</summary>
    WarmUpBytes,

    /// <summary>Reads that were repeated.</summary>
    Retries,

    /// <summary>Bundles that were read because they were asked for.</summary>
    BundlesAsked,

    /// <summary>Bundles that were read only because they lay in a gap.</summary>
    BundlesBridged,

    /// <summary>
    /// Time during which at least one read was in flight, in the clock's ticks; given to the layer of the read that ended it.
    /// </summary>
    BusyTicks,

    // Compute

    /// <summary>(neuron, token) pairs whose activation was not 0.</summary>
    ActivePairs,

    /// <summary>Time spent waiting for flash with nothing else to do, after lookahead and hits, in the clock's ticks.</summary>
    WaitTicks,

    /// <summary>Time from reaching the layer to leaving it, in the clock's ticks.</summary>
    LayerTicks,
}
