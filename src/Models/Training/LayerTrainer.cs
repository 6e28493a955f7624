using Neuralink.Kernels;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Placement.Synthetic;

namespace Neuralink.Models.Training;

/// <summary>
/// Trains one layer's predictor: fc1 and fc2 by AdamW on a weighted binary cross entropy, as Deja Vu (arXiv 2310.17157, section 4) and
/// LLM in a flash (arXiv 2312.11514, section 3.1) do; then its threshold on calibration tokens, and its figures on held-out ones. The
/// rank is the smallest that is enough.
/// </summary>
internal sealed class LayerTrainer(WorkerPool pool, TrainingOptions options, TokenSplit split)
{
    // Of all steps, those in which the learning rate rises.
    private const double WarmUp = 0.05;

    /// <summary>Ranks in the order in which they are tried.</summary>
    public static IReadOnlyList<int> Ranks(TrainingOptions options, int hiddenSize) => options.Rank is { } rank
        ? [rank]
        : [.. TrainingOptions.RankLadder.Where((r, i) => i == 0 || r <= hiddenSize / 2)];

    /// <summary>Trains the ranks one after the other until one is enough.</summary>
    /// <param name="samples">The layer's inputs and activity.</param>
    /// <param name="layer">The predicted layer, for the seed.</param>
    /// <param name="progress">Told the share of the longest way that is done; 1 in the end.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <returns>The layer that is enough, or the one whose predicted share is least.</returns>
    public TrainedLayer Train(LayerSamples samples, int layer, IProgress<double>? progress, CancellationToken cancellation)
    {
        IReadOnlyList<int> ranks = Ranks(options, samples.InputSize);
        double work = ranks.Sum(WorkOf), done = 0;
        TrainedLayer? best = null;
        foreach (int rank in ranks)
        {
            double before = done;
            TrainedLayer trained = Train(
                samples, layer, rank, share => progress?.Report((before + (share * WorkOf(rank))) / work), cancellation);
            done += WorkOf(rank);
            if (best is null || trained.Figures.PredictedShare < best.Figures.PredictedShare)
                best = trained;
            if (trained.IsEnough)
                break;
        }
        progress?.Report(1);
        return best!;

        // What does not grow with the rank (the sigmoids) takes about as long as 32 ranks.
        static double WorkOf(int rank) => rank + 32;
    }

    private TrainedLayer Train(LayerSamples samples, int layer, int rank, Action<double> progress, CancellationToken cancellation)
    {
        LowRankNet net = new(pool, samples.InputSize, samples.Active.NeuronCount, rank, options.BatchTokens);
        SplitMix64 random = new(options.Seed, ((ulong)(uint)layer << 32) | (uint)rank);
        int[] tokens = [.. split.Training];
        net.Initialise(ref random, samples.InputScale(tokens), samples.Frequencies(tokens), tokens.Length, options.PositiveWeight);
        int stepsOfEpoch = (tokens.Length + options.BatchTokens - 1) / options.BatchTokens, steps = stepsOfEpoch * options.Epochs, step = 0;
        for (int epoch = 0; epoch < options.Epochs; epoch++)
        {
            random.Shuffle(tokens);
            for (int begin = 0; begin < tokens.Length; begin += options.BatchTokens)
            {
                cancellation.ThrowIfCancellationRequested();
                float rate = RateOf(step++, steps);
                ReadOnlyMemory<int> batch = tokens.AsMemory(begin, Math.Min(options.BatchTokens, tokens.Length - begin));
                net.Step(
                    samples, batch, options.PositiveWeight, new AdamW(rate, options.WeightDecay, step), new AdamW(rate, decay: 0, step));
                progress((double)step / steps);
            }
        }
        net.RoundToHalf();
        float threshold = Count(split.Calibration).ThresholdFor(options.Recall);
        LowRankMetrics figures = Count(split.HeldOut).At(threshold, options.PositiveWeight);
        return new TrainedLayer(layer, net.Weights(), threshold, figures, IsEnough(figures));

        LogitCounts Count(int[] chosen) => LogitCounts.Of(net, samples, chosen, options.BatchTokens, split.BlockTokens, cancellation);
    }

    private bool IsEnough(LowRankMetrics figures) => figures.PredictedShare <= options.ShareFactor * figures.TrueShare;

    private float RateOf(int step, int steps)
    {
        double rising = steps * WarmUp;
        double share = step < rising ? (step + 1) / (rising + 1) : 0.5 * (1 + Math.Cos(Math.PI * (step - rising) / (steps - rising)));
        return options.LearningRate * (float)share;
    }
}

/// <summary>A layer that has been trained.</summary>
/// <param name="Layer">The predicted layer.</param>
/// <param name="Weights">Its weights.</param>
/// <param name="Threshold">A neuron is predicted where its logit is at least this.</param>
/// <param name="Figures">On held-out tokens.</param>
/// <param name="IsEnough">Whether the predicted share is within what was wanted.</param>
internal sealed record TrainedLayer(int Layer, LowRankWeights Weights, float Threshold, LowRankMetrics Figures, bool IsEnough)
{
    public int Rank => Weights.Rank;
}
