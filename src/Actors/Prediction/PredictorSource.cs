using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;

namespace Neuralink.Actors.Prediction;

/// <summary>A predictor before it is loaded: what it will need, and how to load it.</summary>
/// <param name="Input">What it takes.</param>
/// <param name="Depth">For how many layers ahead it was made.</param>
/// <param name="ResidentBytes">Its weights in DRAM.</param>
/// <param name="ActivationBytes">Its buffers, for a chunk of so many tokens.</param>
/// <param name="Load">Loads it for a chunk of so many tokens and so many threads.</param>
internal sealed record PredictorSource(
    PredictorInput Input, int Depth, long ResidentBytes, Func<int, long> ActivationBytes, Func<NativeArena, int, int, NeuronPredictor> Load)
{
    public static PredictorSource Open(PredictorOptions options, FlashImage image, ModelConfig config) => options.Kind switch
    {
        PredictorKind.Exact => Exact(image, config),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Kind, "Not a kind of predictor."),
    };

    private static PredictorSource Exact(FlashImage image, ModelConfig config)
    {
        WeightFormat format = WeightFormats.Parse(image.Manifest.Weights);
        return new PredictorSource(
            PredictorInput.FfnInput, Depth: 0, ResidentModel.RequiredBytes(config, format, TensorPlace.Predictor),
            chunkTokens => ExactPredictor.RequiredBytes(config, chunkTokens),
            (arena, chunkTokens, threads) =>
            {
                using ImageTensors tensors = ImageTensors.Open(image, ImageFiles.Predictor);
                return ExactPredictor.Load(tensors, arena, config, format, chunkTokens, threads);
            });
    }
}

/// <summary>Who says what a layer needs, and who looks ahead: the same where both are asked for alike.</summary>
/// <param name="Main">Of the layer that is reached.</param>
/// <param name="Ahead">Of later layers; null without lookahead.</param>
internal sealed record PredictorSources(PredictorSource Main, PredictorSource? Ahead)
{
    public long ResidentBytes => Sum(source => source.ResidentBytes);

    public static PredictorSources Open(FlashImage image, ModelConfig config, EngineOptions options)
    {
        PredictorSource main = PredictorSource.Open(options.Predictor, image, config);
        if (!StrategySwitches.Of(options.Strategy).ReadsAhead)
            return new PredictorSources(main, Ahead: null);
        PredictorOptions ahead = options.Lookahead ?? options.Predictor;
        return new PredictorSources(main, ahead == options.Predictor ? main : PredictorSource.Open(ahead, image, config));
    }

    public long ActivationBytes(int chunkTokens) => Sum(source => source.ActivationBytes(chunkTokens));

    private long Sum(Func<PredictorSource, long> bytes) => bytes(Main) + (Ahead is null || ReferenceEquals(Ahead, Main) ? 0 : bytes(Ahead));
}
