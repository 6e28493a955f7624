using System.Text.Json.Serialization;
using Neuralink.Placement;

namespace Neuralink;

/// <summary>
/// Where the time of a run went and what was read, of the whole run or of one layer. Counts of neurons, bytes and reads; times in
/// milliseconds; shares 0 to 1. This is the one place for what is counted: a property here is also what JSON shows, under the property's
/// name in snake_case or the one that it states.
/// </summary>
public sealed partial class IoMetrics
{
    private readonly LayerCounters _spent;
    private readonly LayerIndex? _layer;
    private readonly int _neuronsPerLayer;
    private readonly int _payloadBytes;
    private readonly double _pairs;      // of a neuron and a token
    private readonly TimeProvider _time;

    /// <param name="spent">The counters of the run, which change no more.</param>
    /// <param name="layer">Of which layer; null for all together.</param>
    /// <param name="neuronsPerLayer">Neurons of a layer.</param>
    /// <param name="payloadBytes">Weights of one.</param>
    /// <param name="time">The clock of the ticks.</param>
    internal IoMetrics(LayerCounters spent, LayerIndex? layer, int neuronsPerLayer, int payloadBytes, TimeProvider time)
    {
        _spent = spent;
        _layer = layer;
        _neuronsPerLayer = neuronsPerLayer;
        _payloadBytes = payloadBytes;
        _time = time;
        _pairs = (double)Count(Counter.Tokens) * neuronsPerLayer;
    }

    /// <summary>Bytes read from flash.</summary>
    public long BytesRead => Count(Counter.BytesRead);

    /// <summary>Of these, weights of neurons that were needed.</summary>
    public long BytesUsed => (PrefetchOnTime + PrefetchLate + DemandMisses) * _payloadBytes;

    /// <summary>Read commands, repeated ones included.</summary>
    public long Reads => Count(Counter.Reads);

    /// <summary>Bytes of an average read.</summary>
    public double MeanReadBytes => Ratio(BytesRead, Reads);

    /// <summary>Share of the wanted neurons that earlier use had left in DRAM.</summary>
    public double CacheHitRate => Ratio(Count(Counter.CacheHits), Wanted);

    /// <summary>These neurons.</summary>
    public long CacheHits => Count(Counter.CacheHits);

    /// <summary>Neurons read ahead.</summary>
    public long Prefetched => Count(Counter.Prefetched);

    /// <summary>Wanted ones that had been read ahead.</summary>
    public long PrefetchOnTime => Count(Counter.PrefetchOnTime);

    /// <summary>Wanted ones that were being read ahead.</summary>
    public long PrefetchLate => Count(Counter.PrefetchLate);

    /// <summary>Read ahead in vain.</summary>
    public long PrefetchWasted => Count(Counter.PrefetchWasted);

    /// <summary>Read when the layer wanted them.</summary>
    [JsonPropertyName("repaired")]
    public long DemandMisses => Count(Counter.DemandMisses);

    /// <summary>Compute waiting for flash with nothing else to do: lookahead and hits are done.</summary>
    [JsonPropertyName("wait_ms")]
    public double WaitMillis => Millis(Counter.WaitTicks);

    /// <summary>At least one read in flight.</summary>
    [JsonPropertyName("io_ms")]
    public double IoMillis => Millis(Counter.BusyTicks);

    /// <summary>Neurons that were needed: active, or predicted to be; once a pass.</summary>
    public long Wanted => Count(Counter.Wanted);

    /// <summary>Bundles read only because they lay in a gap.</summary>
    public long Bridged => Count(Counter.BundlesBridged);

    /// <summary>Bundles read although they had been read in a gap a few tokens before: what keeping those would have saved.</summary>
    public long BridgedWantedLater => Count(Counter.BridgedWantedLater);

    /// <summary>Reads that were repeated because they failed.</summary>
    public long Retries => Count(Counter.Retries);

    /// <summary>Bytes a second that came from flash while it was busy.</summary>
    public double RawBytesPerSecond => Ratio(BytesRead + WarmUpBytes, IoMillis / 1000);

    /// <summary>
    /// Of these, bytes a second of neurons that were needed: the paper's effective bandwidth (arXiv 2410.19274, evaluation).
    /// </summary>
    public double EffectiveBytesPerSecond => Ratio(BytesUsed, IoMillis / 1000);

    /// <summary>
    /// Of the tokens of a layer, the share before which it was looked ahead to; null without lookahead. Less than all where looking ahead
    /// is tried against not doing so, or nothing is known of the first layer.
    /// </summary>
    public double? LookaheadShare => LooksAhead ? Ratio(Count(Counter.LookaheadTokens), Count(Counter.Tokens)) : null;

    /// <summary>Of what was wanted, the share that lookahead had named; null without lookahead.</summary>
    public double? LookaheadRecall => LooksAhead ? Ratio(Count(Counter.LookaheadHits), Wanted) : null;

    /// <summary>Of what lookahead named, the share that was wanted; null without lookahead.</summary>
    public double? LookaheadPrecision => LooksAhead ? Ratio(Count(Counter.LookaheadHits), Count(Counter.LookaheadNamed)) : null;

    /// <summary>Of what the predictor named, the share that fired; 1 for an exact one.</summary>
    public double PredictorPrecision => Ratio(Count(Counter.ActivePairs), Count(Counter.PredictedPairs));

    /// <summary>Share of all neurons that the predictor named, over all tokens.</summary>
    public double PredictedShare => Ratio(Count(Counter.PredictedPairs), _pairs);

    /// <summary>Share of all neurons that fired, as far as they were predicted, over all tokens.</summary>
    [JsonPropertyName("firing_share")]
    public double ActiveShare => Ratio(Count(Counter.ActivePairs), _pairs);

    /// <summary>From reaching the layers' attention to leaving them, the wait included.</summary>
    [JsonPropertyName("layer_ms")]
    public double LayerMillis => Millis(Counter.LayerTicks);

    /// <summary>Neurons read because the empty cache had room, before anybody wanted them.</summary>
    public long WarmedUp => Count(Counter.WarmedUp);

    /// <summary>Wanted ones that were being read because there was room.</summary>
    public long WarmUpLate => Count(Counter.WarmUpLate);

    /// <summary>Read commands that only warmed the cache up; not among <see cref="Reads"/>.</summary>
    public long WarmUpReads => Count(Counter.WarmUpReads);

    /// <summary>Bytes read by them; not among <see cref="BytesRead"/>.</summary>
    public long WarmUpBytes => Count(Counter.WarmUpBytes);

    private bool LooksAhead => Count(Counter.LookaheadNamed) > 0;

    private static double Ratio(double part, double whole) => whole == 0 ? 0 : part / whole;

    private long Count(Counter counter) => _layer is { } layer ? _spent[layer, counter] : _spent[counter];

    private double Millis(Counter counter) => _time.GetElapsedTime(0, Count(counter)).TotalMilliseconds;
}
