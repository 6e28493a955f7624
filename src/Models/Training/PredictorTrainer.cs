using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Training.Decomposition;
using Neuralink.Models.Weights;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Traces;

namespace Neuralink.Models.Training;

/// <summary>
/// Trains a low-rank predictor for every layer of a traced model, one layer after the other: in memory are one layer's inputs and activity.
/// With a depth of D, layer N's input predicts what layer N + D fires; the first D layers have no layer so far before them and get no
/// predictor. The same trace and options give the same predictor on any number of threads.
/// </summary>
public static class PredictorTrainer
{
    /// <summary>Makes one layer's predictor of its samples.</summary>
    private delegate TrainedLayer MakeLayer(
        LayerSamples samples, int layer, IProgress<double> progress, CancellationToken cancellation);

    /// <summary>Trains by gradients, without the model.</summary>
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
        TokenSplit split = Check(trace, options);
        using WorkerPool pool = new(threads);
        return Run(trace, options, split, new LayerTrainer(pool, options, split).Train, isLinear: false, progress, cancellation);
    }

    /// <summary>
    /// Decomposes the model's own matrices instead (SVDP, arXiv 2603.14110), which takes no training: see <see cref="LayerDecomposer"/>.
    /// </summary>
    /// <param name="trace">A trace of the model with layer inputs.</param>
    /// <param name="model">The model.</param>
    /// <param name="options">How; its depth is 0.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="progress">Told the share that is done: of the longest way, so it may leap.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="NeuralinkException">As of <see cref="Train"/>; or the image is damaged, or the model's activation does not fall
    /// silent below a threshold.</exception>
    public static TrainedPredictor Decompose(
        ActivationTrace trace, ImageModel model, TrainingOptions options, int threads, IProgress<double>? progress,
        CancellationToken cancellation)
    {
        TokenSplit split = Check(trace, options);
        Activation activation = model.Config.ActivationOf(0);
        if (!activation.IsRectified)
        {
            throw new NeuralinkException(
                $"decompose the matrices of {model.Image.Folder}", "an activation that falls silent below a threshold",
                ActivationNames.NameOf(model.Config.Activation, model.Config.ActivationThreshold),
                "train a predictor by --method low-rank");
        }
        if (options.Depth != 0)
        {
            throw new NeuralinkException(
                $"decompose the matrices of {model.Image.Folder}",
                "a depth of 0: a layer's matrix is multiplied with that layer's own input",
                $"{options.Depth}", "train a predictor by --method low-rank");
        }
        using WorkerPool pool = new(threads);
        return ImageTensors.ReadPredictor(
            model, FlashAccess.Direct,
            tensors =>
            {
                LayerDecomposer decomposer = new(pool, options, split, new DecidingMatrices(tensors, model.Config));
                return Run(trace, options, split, decomposer.Make, isLinear: true, progress, cancellation);
            },
            cancellation);
    }

    private static TrainedPredictor Run(
        ActivationTrace trace, TrainingOptions options, TokenSplit split, MakeLayer make, bool isLinear, IProgress<double>? progress,
        CancellationToken cancellation)
    {
        ActivationTraceInfo about = trace.Info;
        TrainedLayer?[] layers = new TrainedLayer?[about.LayerCount];
        int covered = about.LayerCount - options.Depth;
        for (int layer = options.Depth; layer < layers.Length; layer++)
        {
            int before = layer - options.Depth;
            LayerSamples samples = LayerSamples.Read(trace, layer, options.Depth);
            layers[layer] = make(samples, layer, new LayerShare(progress, before, covered), cancellation);
        }
        return new TrainedPredictor(
            new LowRankInfo
            {
                ModelDigest = about.ModelDigest,
                ModelName = about.ModelName,
                TrainedOn = $"{about.Texts}: {split.Training.Length} tokens, {split.HeldOut.Length} held out",
                Weights = WeightFormat.F16,
                IsLinear = isLinear,
                Depth = options.Depth,
                Input = PredictorInput.FfnInput,
                HiddenSize = trace.RequireInputs(),
                NeuronCount = about.NeuronCount,
                Layers = [.. layers.Select(l => l is null ? null : new LowRankLayer(l.Rank, HasBias: true, l.Threshold, l.Figures))],
            },
            layers);
    }

    /// <summary>What can be checked before anything is made; and which tokens are for what.</summary>
    private static TokenSplit Check(ActivationTrace trace, TrainingOptions options)
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
        return TokenSplit.Of(trace.Path, about.TokenCount, options.HeldOutShare, options.Seed);
    }

    private sealed class LayerShare(IProgress<double>? progress, int before, int count) : IProgress<double>
    {
        public void Report(double value) => progress?.Report((before + value) / count);
    }
}
