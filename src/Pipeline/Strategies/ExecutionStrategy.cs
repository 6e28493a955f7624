namespace Neuralink.Pipeline;

/// <summary>How reading and computing share the time. What each name switches is in <see cref="StrategySwitches"/>.</summary>
public enum ExecutionStrategy
{
    /// <summary>A layer is computed when all its neurons are there, and nothing is read meanwhile.</summary>
    Serial,

    /// <summary>
    /// The next layer's likely neurons are read while this one computes, and what was missed is read while the hits compute.
    /// </summary>
    Prefetch,

    /// <summary>A layer's neurons are computed cluster by cluster, each as its reads arrive; nothing is read ahead.</summary>
    Cluster,

    /// <summary>Both.</summary>
    PrefetchCluster,

    /// <summary>
    /// Every neuron of every layer is computed, and nobody predicts: a fixed part of each layer stays in memory, and the rest streams from
    /// flash in the order in which it lies there, always some ahead of what is computed. For models whose neurons never fall silent.
    /// </summary>
    Stream,

    /// <summary>
    /// The baseline of LLM in a flash (arXiv 2312.11514): bundles in the model's own order, the last tokens' neurons cached, no collapse
    /// and no overlap.
    /// </summary>
    LlmFlash,

    /// <summary>The same over bundles in order of their frequency, the Neuralink paper's other baseline.</summary>
    Frequency,
}
