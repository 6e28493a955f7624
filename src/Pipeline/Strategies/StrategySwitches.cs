using Neuralink.Placement.Caching;
using Neuralink.Placement.Ordering;

namespace Neuralink.Pipeline;

/// <summary>What a strategy consists of. The engine's options that are left null follow it, so each part can be switched alone.</summary>
/// <param name="Name">The word for it.</param>
/// <param name="ReadsAhead">Whether a later layer's likely neurons are read before it is reached.</param>
/// <param name="Clusters">Whether a layer's neurons are computed as their reads arrive, and not all at the end.</param>
/// <param name="ComputesHitsEarly">Whether the resident neurons are computed while the others are read.</param>
/// <param name="Collapses">Whether small gaps are read through.</param>
/// <param name="Cache">The policy that rules the cache; null takes the default.</param>
/// <param name="Order">The order on flash that the strategy is defined with; null takes any.</param>
/// <param name="Streams">Whether everything is read, what comes next ahead of it, and a part of each layer is kept.</param>
public sealed record StrategySwitches(
    string Name, bool ReadsAhead = false, bool Clusters = false, bool ComputesHitsEarly = false, bool Collapses = true,
    CachePolicyKind? Cache = null, PlacementMethod? Order = null, bool Streams = false)
{
    private static readonly StrategySwitches[] s_all =
    [
        new("serial"),
        new("prefetch", ReadsAhead: true, ComputesHitsEarly: true),
        new("cluster", Clusters: true, ComputesHitsEarly: true),
        new("prefetch+cluster", ReadsAhead: true, Clusters: true, ComputesHitsEarly: true),
        new("stream", Clusters: true, ComputesHitsEarly: true, Cache: CachePolicyKind.None, Streams: true),
        new("llmflash", Collapses: false, Cache: CachePolicyKind.Window, Order: PlacementMethod.Identity),
        new("frequency", Collapses: false, Cache: CachePolicyKind.Window, Order: PlacementMethod.Frequency),
    ];

    /// <summary>Whether there are frames for what no layer waits for yet.</summary>
    public bool StagesAhead => ReadsAhead || Streams;

    /// <summary>What <paramref name="strategy"/> switches.</summary>
    public static StrategySwitches Of(ExecutionStrategy strategy) => s_all[(int)strategy];
}
