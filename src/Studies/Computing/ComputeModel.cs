using Neuralink.Models.Configuration;
using Neuralink.Studies.Planning;

namespace Neuralink.Studies.Computing;

/// <summary>
/// How fast a published processor computes, told by one published figure: what it computes at one token a pass is bound by the bytes of
/// weights that it goes through.
/// </summary>
public sealed record ComputeModel
{
    // Deja Vu's predictors: two matrices of that rank a layer (arXiv 2310.17157; the default of its published code).
    private const int PredictorRank = 1000;

    // A sketch of 4 bits beside weights of 16 (docs/experiments/kernels.md: 0.14 to 0.30 of the time).
    private const double SketchShare = 0.25;

    private const int WeightBytes = 2;

    /// <summary>What a study file calls it.</summary>
    public required string Name { get; init; }

    /// <summary>What it is, for people.</summary>
    public required string Title { get; init; }

    /// <summary>Bytes of weights a microsecond.</summary>
    public required double BytesPerMicro { get; init; }

    /// <summary>Processors, which share what reads cost them.</summary>
    public required int Processors { get; init; }

    /// <summary>What the actors' messages take that wake another thread, in microseconds.</summary>
    public double MessageMicros { get; init; } = 5;

    /// <summary>Where each number is from.</summary>
    public required IReadOnlyList<string> Sources { get; init; }

    /// <summary>What a layer's parts and the logits take.</summary>
    /// <param name="config">The model.</param>
    /// <param name="neurons">Neurons that are computed of a layer.</param>
    public ComputeSpeed SpeedOf(ModelConfig config, int neurons)
    {
        double half = (double)neurons * config.HiddenSize * WeightBytes;
        double predictor = PredictorBytes(config);
        return new ComputeSpeed
        {
            AttentionMillis = Millis(AttentionBytes(config)),
            PredictorMillis = Millis(predictor),
            LookaheadMillis = Millis(Math.Min(predictor, SketchShare * config.FfnSize * config.HiddenSize * WeightBytes)),
            ActivateMillis = Millis(config.Gated ? 2 * half : half),
            DownMillis = Millis(half),
            Neurons = Math.Max(1, neurons),
            LogitsMillis = Millis((double)config.VocabularySize * config.EmbeddingSize * WeightBytes),
            MessageMicros = MessageMicros,
            CheckMicros = 0,
            WarmUpMillis = 0,
        };
    }

    /// <summary>Bytes of weights that a token of a model goes through.</summary>
    /// <param name="config">The model.</param>
    /// <param name="activeShare">Of its neurons, those that are computed.</param>
    internal static double TokenBytes(ModelConfig config, double activeShare)
    {
        double ffn = activeShare * config.FfnSize * config.HiddenSize * WeightBytes * (config.Gated ? 3 : 2);
        double logits = (double)config.VocabularySize * config.EmbeddingSize * WeightBytes;
        return (config.LayerCount * (AttentionBytes(config) + PredictorBytes(config) + ffn)) + logits;
    }

    private static double AttentionBytes(ModelConfig config)
    {
        double query = (double)config.HeadCount * config.HeadSize, keys = (double)config.KvHeadCount * config.HeadSize;
        return 2 * (query + keys) * config.HiddenSize * WeightBytes;
    }

    private static double PredictorBytes(ModelConfig config) =>
        (double)PredictorRank * (config.HiddenSize + config.FfnSize) * WeightBytes;

    private double Millis(double bytes) => bytes / BytesPerMicro / 1000;
}
