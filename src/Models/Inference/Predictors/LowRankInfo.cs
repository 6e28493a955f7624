using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Storage;

namespace Neuralink.Models.Inference.Predictors;

/// <summary>What a low-rank predictor's file says about itself.</summary>
public sealed record LowRankInfo
{
    /// <summary>
    /// The model it was made for: <see cref="Storage.Image.FlashImage.ModelDigest"/>; null where a published file does not say.
    /// </summary>
    public required string? ModelDigest { get; init; }

    /// <summary>The model's name, for people.</summary>
    public required string ModelName { get; init; }

    /// <summary>What it was trained on, for people.</summary>
    public required string TrainedOn { get; init; }

    /// <summary>Format of fc1 and fc2.</summary>
    public required WeightFormat Weights { get; init; }

    /// <summary>Whether the logits are fc2 fc1 x + bias, without a relu: the model's own matrix, decomposed.</summary>
    public bool IsLinear { get; init; }

    /// <summary>Layers between the input and the predicted activity.</summary>
    public required int Depth { get; init; }

    /// <summary>What it takes.</summary>
    public required PredictorInput Input { get; init; }

    /// <summary>d, the width of the input.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>f, neurons of a layer.</summary>
    public required int NeuronCount { get; init; }

    /// <summary>
    /// By predicted layer; null where a layer has no predictor, as those that have no layer <see cref="Depth"/> before them.
    /// </summary>
    public required IReadOnlyList<LowRankLayer?> Layers { get; init; }

    /// <summary>Multiply-adds of predicting <paramref name="layer"/> for one token.</summary>
    public long MultiplyAddsOf(int layer) => Layers[layer] is { } l ? (long)l.Rank * (HiddenSize + NeuronCount) : 0;

    /// <summary>Checks that it can predict for a certain model.</summary>
    /// <param name="path">Its file, for the message.</param>
    /// <param name="modelName">The model's name, for the message.</param>
    /// <param name="modelDigest">Its digest.</param>
    /// <param name="config">Its shape.</param>
    /// <exception cref="NeuralinkException">It is of another model; says in what they differ.</exception>
    public void ExpectModel(string path, string modelName, string modelDigest, ModelConfig config)
    {
        Expect(Layers.Count == config.LayerCount, $"{config.LayerCount} layers", $"{Layers.Count}");
        Expect(HiddenSize == config.HiddenSize, $"inputs of {config.HiddenSize} values", $"{HiddenSize}");
        Expect(NeuronCount == config.FfnSize, $"{config.FfnSize} neurons a layer", $"{NeuronCount}");
        Expect(ModelDigest is null || ModelDigest == modelDigest, $"model digest {Short(modelDigest)}", Short(ModelDigest ?? ""));

        void Expect(bool holds, string expected, string found)
        {
            if (!holds)
            {
                throw new NeuralinkException(
                    $"use {path} for {modelName}", expected, $"{found} in a predictor of {ModelName}",
                    "train one for this very model with 'neuralink train-predictor'");
            }
        }

        static string Short(string digest) => digest.Length <= 16 ? digest : $"{digest[..16]}…";
    }
}

/// <summary>One layer of a low-rank predictor.</summary>
/// <param name="Rank">r, rows of fc1.</param>
/// <param name="HasBias">Whether fc2 has a bias.</param>
/// <param name="Threshold">A neuron is predicted where its logit is at least this.</param>
/// <param name="Figures">What was measured when it was trained; null where the file does not say.</param>
public sealed record LowRankLayer(int Rank, bool HasBias, float Threshold, LowRankMetrics? Figures);

/// <summary>
/// A trained layer's figures, on tokens held out from its training and from the choice of its threshold. Shares are 0 to 1,
/// over all (neuron, token) pairs.
/// </summary>
/// <param name="Recall">Of the pairs that fire, the share that is predicted.</param>
/// <param name="Precision">Of the predicted pairs, the share that fires.</param>
/// <param name="PredictedShare">Of all pairs, those that are predicted.</param>
/// <param name="TrueShare">Of all pairs, those that fire.</param>
/// <param name="Loss">Weighted binary cross entropy, nats a pair.</param>
/// <param name="Curve">The same at other thresholds, ascending.</param>
public sealed record LowRankMetrics(
    double Recall, double Precision, double PredictedShare, double TrueShare, double Loss, IReadOnlyList<LowRankPoint> Curve);

/// <summary>What a threshold gives; see <see cref="LowRankMetrics"/>.</summary>
public sealed record LowRankPoint(float Threshold, double Recall, double Precision, double PredictedShare);
