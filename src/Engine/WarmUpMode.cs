using System.Collections;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Caching;
using Neuralink.Storage.Image;

namespace Neuralink;

/// <summary>Whether an empty cache is filled before anybody asks for what is in it.</summary>
public enum WarmUpMode
{
    /// <summary>
    /// Where it holds all neurons, with all; where it holds at least half of them and the image knows which fire most, with those.
    /// </summary>
    Auto,

    /// <summary>It fills with what is wanted, when it is wanted.</summary>
    None,
}

/// <summary>What an engine fills its cache with.</summary>
internal static class WarmUpPlans
{
    // Of a smaller part too much would be read in vain.
    private const double ShareMin = 0.5;

    // Some ten milliseconds of a disk: a layer that comes to wait for a bundle waits for its batch.
    private const int BatchBytes = 8 << 20;

    /// <summary>The plan, or null for none.</summary>
    /// <param name="options">The mode, and the policy: one by which bundles expire, or that holds none, has nothing to be filled.</param>
    /// <param name="image">Says how many neurons there are, and perhaps which fire most.</param>
    /// <param name="cachedMax">Bundles the cache holds.</param>
    public static WarmUpPlan? For(EngineOptions options, FlashImage image, int cachedMax)
    {
        if (options.WarmUp == WarmUpMode.None || options.Policy.Kind is CachePolicyKind.Window or CachePolicyKind.None)
            return null;
        NeuronKeys keys = new(image.FfnCount, image.SlotCount);
        int batchSlots = Math.Max(1, BatchBytes / image.StrideBytes);
        if (cachedMax >= keys.Count)
            return WarmUpPlan.Everything(keys, batchSlots);
        if (cachedMax < ShareMin * keys.Count || ActivationSample.Find(image) is not { } sample)
            return null;
        BitArray hottest = new(keys.Count);
        foreach (int key in HotSet.Of(sample.Counts, cachedMax))
            hottest[key] = true;
        return new WarmUpPlan(hottest, batchSlots);
    }
}
