namespace Neuralink.Studies.Paper;

/// <summary>What the Neuralink paper published (arXiv 2410.19274v3, "Evaluation") and is not fitted to.</summary>
internal static class PublishedFigures
{
    /// <summary>
    /// Table 1: milliseconds a token on an Ace 2 (UFS 3.1) with the whole FFN on flash. OPT-1.3B's column is what the device and the
    /// processor are fitted to.
    /// </summary>
    public static IReadOnlyList<PublishedToken> Table1 { get; } =
    [
        new("opt-350m", 82, 776, 858),
        new("opt-1.3b", 202, 988, 1190, IsFitted: true),
        new("opt-6.7b", 804, 2224, 3028),
        new("llama2-7b", 609, 10388, 10997),
        new("mistral-7b", 540, 12220, 12760),
        new("mobillama-1b", 230, 1909, 2139),
        new("phi-2", 461, 1976, 2437),
    ];

    /// <summary>The headline ratios: how many times a baseline's time a token, and its effective bandwidth, Neuralink has.</summary>
    public static IReadOnlyList<PublishedRatio> Ratios { get; } =
    [
        new("LLM in a flash", Baseline.LlmFlash, EndToEnd: 1.48, Bandwidth: 1.80),
        new("the order of frequency", Baseline.Frequency, EndToEnd: 1.25, Bandwidth: 1.36),
        new("llama.cpp, taken as a dense stream", Baseline.Stream, EndToEnd: 2.37, Bandwidth: 3.28),
        new("llama.cpp, taken as reading active neurons matrix by matrix", Baseline.Matrices, EndToEnd: 2.37, Bandwidth: 3.28),
    ];

    /// <summary>The ablation: what the offline stage alone brings, and the online stage on top of it.</summary>
    public const double OfflineStage = 1.32, OnlineStage = 1.20;
}

/// <summary>A column of Table 1.</summary>
/// <param name="Model">The shape.</param>
/// <param name="ComputeMillis">Computing.</param>
/// <param name="ReadMillis">Reading.</param>
/// <param name="TotalMillis">Both, one after the other.</param>
/// <param name="IsFitted">Whether models are fitted to it.</param>
internal sealed record PublishedToken(string Model, double ComputeMillis, double ReadMillis, double TotalMillis, bool IsFitted = false);

/// <summary>A headline ratio.</summary>
/// <param name="Title">What it is over.</param>
/// <param name="Over">The baseline's cell.</param>
/// <param name="EndToEnd">Of times a token.</param>
/// <param name="Bandwidth">Of effective bandwidths.</param>
internal sealed record PublishedRatio(string Title, Baseline Over, double EndToEnd, double Bandwidth);

/// <summary>A way to run a model on a phone.</summary>
internal enum Baseline
{
    /// <summary>The paper's own system: greedy order, collapse, S3-FIFO with its admission; nothing overlaps.</summary>
    Neuralink,

    /// <summary>The same without the online stage: its order, and no collapse.</summary>
    OfflineOnly,

    /// <summary>LLM in a flash: bundles in the model's own order.</summary>
    LlmFlash,

    /// <summary>Bundles in the order of their frequency.</summary>
    Frequency,

    /// <summary>Active neurons, each matrix's part a read of its own.</summary>
    Matrices,

    /// <summary>Everything, in order.</summary>
    Stream,

    /// <summary>Ours: the best order and our cache, still nothing overlaps.</summary>
    BestOrder,

    /// <summary>Ours: clusters are computed as they arrive.</summary>
    Cluster,

    /// <summary>Ours: and a layer is read ahead.</summary>
    PrefetchCluster,
}
