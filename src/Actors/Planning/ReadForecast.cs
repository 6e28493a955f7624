using Neuralink.Placement;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Evaluation;

namespace Neuralink.Actors.Planning;

/// <summary>What a token wants from flash and cache, and what reading it takes, all layers together.</summary>
/// <param name="HitShare">Of the neurons wanted, those that are cached.</param>
/// <param name="MissedPerToken">Neurons wanted and not cached.</param>
/// <param name="ReadsPerToken">Reads of these.</param>
/// <param name="ReadBundlesPerToken">Bundles read, those in bridged gaps included.</param>
/// <param name="DeviceMillis">The device's work.</param>
public readonly record struct ReadForecast(double HitShare, double MissedPerToken, double ReadsPerToken, double ReadBundlesPerToken, double DeviceMillis)
{
    // The prompt of a short text: the cache is cold until then.
    private const int WarmUpPart = 8;

    /// <summary>
    /// Plays the tokens through the engine's own cache policy and read planner, from an empty cache, and takes the mean of all but the first eighth of them.
    /// </summary>
    /// <param name="firing">Which neurons the tokens fire.</param>
    /// <param name="orders">The order of each layer of the model.</param>
    /// <param name="cachedMax">Bundles that the cache holds, of all layers.</param>
    /// <param name="strideBytes">Bytes of a bundle.</param>
    /// <param name="options">How reads are planned.</param>
    /// <param name="device">What they really cost.</param>
    public static ReadForecast Play(
        FiringForecast firing, Func<int, Permutation> orders, int cachedMax, int strideBytes, EngineOptions options, ReadCost device)
    {
        int layers = firing.Layers.Count, tokens = firing.Layers[0].TokenCount, warmUp = tokens / WarmUpPart, keys = layers * firing.Layers[0].NeuronCount;
        EvaluationSetup setup = new() { StrideBytes = strideBytes, Cost = options.PlannedReadCost, ReadBytesMax = options.ReadBytesMax };
        CachePolicy policy = CachePolicies.Create(new CacheOptions(), keys, (int)((long)cachedMax * layers / firing.LayerCount));
        CacheSimulation simulation = new(firing.Layers, [.. firing.LayerIndices.Select(orders)], policy, setup);
        simulation.Play(warmUp);
        CacheTotals totals = simulation.Play(tokens - warmUp);

        double scale = (double)firing.LayerCount / layers / (tokens - warmUp);
        ReadTotals read = totals.Read;
        double meanReadMicros = read.Reads == 0 ? 0 : device.MicrosOf((long)(read.MeanReadBundles * strideBytes));
        return new ReadForecast(totals.HitShare, totals.Misses * scale, read.Reads * scale, read.ReadBundles * scale, read.Reads * meanReadMicros * scale / 1000);
    }
}
