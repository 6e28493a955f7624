using Neuralink.Placement;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Cost;

namespace Neuralink.Studies.Planning;

/// <summary>What a token wants from flash and cache, and what reading it takes, all layers together.</summary>
/// <param name="HitShare">Of the neurons wanted, those that are cached.</param>
/// <param name="Missed">Neurons wanted and not cached.</param>
/// <param name="Demanded">Reads that a layer demands, of each layer that was played.</param>
/// <param name="Ahead">Reads ahead for each of these, in vain too.</param>
/// <param name="LayersEach">Layers of the model that one which was played stands for.</param>
public sealed record ReadForecast(double HitShare, double Missed, IReadOnlyList<ReadSum> Demanded, IReadOnlyList<ReadSum> Ahead, double LayersEach)
{
    // The prompt of a short text: the cache is cold until then.
    private const int WarmUpPart = 8;

    /// <summary>Plays the tokens from an empty cache, and takes the mean of all but the first eighth of them.</summary>
    /// <param name="firing">Which neurons the tokens fire.</param>
    /// <param name="orders">The order of each layer of the model.</param>
    /// <param name="cachedMax">Bundles that the cache holds, of all layers.</param>
    /// <param name="strideBytes">Bytes of a bundle.</param>
    /// <param name="options">How reads are planned, and whether ahead.</param>
    /// <param name="lookahead">How good reading ahead is.</param>
    /// <param name="device">What reads really cost.</param>
    public static ReadForecast Play(
        FiringForecast firing, Func<int, Permutation> orders, int cachedMax, int strideBytes, EngineOptions options, LookaheadQuality lookahead, ReadCost device)
    {
        int layers = firing.Layers.Count, tokens = firing.Layers[0].TokenCount, warmUp = tokens / WarmUpPart, keys = layers * firing.Layers[0].NeuronCount;
        CachePolicy policy = CachePolicies.Create(options.Policy, keys, (int)((long)cachedMax * layers / firing.LayerCount));
        ReadPlay play = new(firing, [.. firing.LayerIndices.Select(orders)], policy, strideBytes, options, lookahead, device);
        for (int token = 0; token < tokens; token++)
        {
            if (token == warmUp)
                play.ForgetSums();
            play.PlayToken(token);
        }
        double layersEach = (double)firing.LayerCount / layers, each = 1.0 / (tokens - warmUp);
        return new ReadForecast(
            play.Hits + play.Missed == 0 ? 0 : (double)play.Hits / (play.Hits + play.Missed), play.Missed * each * layersEach,
            [.. play.Demanded.Select(d => d * each)], [.. play.Ahead.Select(a => a * each)], layersEach);
    }
}

/// <summary>Reads, the bundles that they bring, those in bridged gaps included, and the device's work.</summary>
public readonly record struct ReadSum(double Reads, double Bundles, double Millis)
{
    public static ReadSum operator +(ReadSum a, ReadSum b) => new(a.Reads + b.Reads, a.Bundles + b.Bundles, a.Millis + b.Millis);

    public static ReadSum operator *(ReadSum a, double factor) => new(a.Reads * factor, a.Bundles * factor, a.Millis * factor);
}
