namespace Neuralink.Studies.Paper;

/// <summary>What the paper's report says in words.</summary>
internal static class PaperTexts
{
    public const string Table2 =
        "A row's reads are the runs that its active neurons come in where they are active by chance: p (1 - p) of all neurons. The "
        + "dense row is read in long reads. What a command takes and the bandwidth are the least squares of the four relative errors.";

    public const string Headlines =
        "The paper says neither for which models and data sets its averages are nor how many reads its engine keeps in flight. Table "
        + "1 fits one: 130 us a neuron, whether it has 8 KiB or 24. The means here are geometric, over the five ReLU-family models. All"
        + " systems have the same cache of 5% under S3-FIFO. The paper's llama.cpp cannot be a dense stream: at the device's highest "
        + "bandwidth that reads OPT-6.7B's FFN in 5 s a token and OPT-350M's in 0.2 s, so its ratio would be many times larger for one "
        + "than for the other. Taken as an engine that reads active neurons but has not bundled their matrices, it comes nearer, and "
        + "its effective bandwidth nearest.";

    public const string Ablation = "The same means, of a token's time.";

    /// <summary>Why figures miss.</summary>
    public static IReadOnlyList<string> LeftOut { get; } =
    [
        "Computing of the gated models: by the bytes of weights that a token goes through, Llama-2-7B and Mistral-7B would take 60% "
            + "longer than published. The paper does not say which parts of them are computed in what precision, or which predictors they "
            + "have.",
        "OPT-350M's reading: 83 us a neuron are published where 8 and 16 KiB take 130. Its bundles are one page; whether those are "
            + "read like the others is not said.",
        "MobiLlama-1B shares one FFN of 69 MB among all of its layers, which no cache of pages could fail to keep; 1.9 s a token are "
            + "two thirds of one read a neuron. Phi-2's 2.0 s are what reading all of its FFN in order takes (3.4 GB at 1.7 GB/s), not a "
            + "fifth of it neuron by neuron. Neither is a ReLU model, and the paper describes no I/O of theirs.",
        "Synthetic texts have the published activity and no correlation that a real model does not have; which neurons of the paper's"
            + " models fire together is not public.",
    ];

    /// <summary>A way to run a model, in a few words.</summary>
    public static string NameOf(Baseline way) => way switch
    {
        Baseline.Neuralink => "the paper's system",
        Baseline.OfflineOnly => "its order alone",
        Baseline.LlmFlash => "LLM in a flash",
        Baseline.Frequency => "order of frequency",
        Baseline.Matrices => "matrix by matrix",
        Baseline.Stream => "dense stream",
        Baseline.BestOrder => "best order and lfu",
        Baseline.Cluster => "and clusters",
        Baseline.PrefetchCluster => "and reading ahead",
        _ => throw new ArgumentOutOfRangeException(nameof(way), way, "There is no such way."),
    };
}
