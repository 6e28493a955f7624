using Neuralink.Kernels;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Storage;
using Neuralink.Storage.Traces;

namespace Neuralink.Models.Training;

/// <summary>
/// Trains a low-rank predictor for every layer of a traced model, one layer after the other: in memory are one layer's inputs and activity.
/// With a depth of D, layer N's input predicts what layer N + D fires; the first D layers have no layer so far before them and get no
/// predictor. The same trace and options give the same predictor on any number of threads.
/// </summary>
public static class PredictorTrainer
{
    /// <param name="trace">A trace with layer inputs.</param>
    /// <param name="options">How.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="progress">Told the share that is done: of the longest way, so it may leap.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="NeuralinkException">The trace has no inputs, is damaged, too short or too long, or the model has no layer that
    /// deep or no such rank.</exception>
    public static TrainedPredictor Train(
        ActivationTrace trace, TrainingOptions options, int threads, IProgress<double>? progress, CancellationToken cancellation)
    {
        options.Validate();
        ActivationTraceInfo about = trace.Info;
        int hiddenSize = trace.RequireInputs();
        if (options.Depth >= about.LayerCount)
        {
            throw new NeuralinkException(
                $"train on {trace.Path}", $"a depth of at most {about.LayerCount - 1}, one less than the model's layers",
                $"{options.Depth}", "give a smaller --depth");
        }
        // Half the arrays' limit, because fc2 is padded to whole panels and vectors.
        int rankMax = Math.Min(hiddenSize, Array.MaxLength / 2 / about.NeuronCount);
        if (options.Rank > rankMax)
        {
            throw new NeuralinkException(
                $"train on {trace.Path}", $"a rank of at most {rankMax}, the width of the inputs or what memory can hold",
                $"{options.Rank}", "give a smaller --rank");
        }
        if ((long)about.TokenCount * hiddenSize > Array.MaxLength)
        {
            throw new NeuralinkException(
                $"train on {trace.Path}", $"at most {Array.MaxLength / hiddenSize} tokens with inputs of {hiddenSize} values",
                $"{about.TokenCount}", "trace fewer tokens");
        }
        TokenSplit split = TokenSplit.Of(trace.Path, about.TokenCount, options.HeldOutShare, options.Seed);
        using WorkerPool pool = new(threads);
        LayerTrainer trainer = new(pool, options, split);
        TrainedLayer?[] layers = new TrainedLayer?[about.LayerCount];
        int covered = about.LayerCount - options.Depth;
        for (int layer = options.Depth; layer < layers.Length; layer++)
        {
            int before = layer - options.Depth;
            LayerSamples samples = LayerSamples.Read(trace, layer, options.Depth);
            layers[layer] = trainer.Train(samples, layer, new LayerShare(progress, before, covered), cancellation);
        }
        return new TrainedPredictor(
            new LowRankInfo
            {
                ModelDigest = about.ModelDigest,
                ModelName = about.ModelName,
                TrainedOn = $"{about.Texts}: {split.Training.Length} tokens, {split.HeldOut.Length} held out",
                Weights = WeightFormat.F16,
                Depth = options.Depth,
                Input = PredictorInput.FfnInput,
                HiddenSize = hiddenSize,
                NeuronCount = about.NeuronCount,
                Layers = [.. layers.Select(l => l is null ? null : new LowRankLayer(l.Rank, HasBias: true, l.Threshold, l.Figures))],
            },
            layers);
    }

    private sealed class LayerShare(IProgress<double>? progress, int before, int count) : IProgress<double>
    {
        public void Report(double value) => progress?.Report((before + value) / count);
    }
}
