using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink.Studies.Planning;

/// <summary>A model to plan for: a flash image, or one that is not packed yet, of which only the configuration is known.</summary>
public sealed class PlannedModel
{
    private readonly FlashImage? _image;
    private readonly int _activeMost;      // for a token, as far as the image knows

    private PlannedModel(FlashImage? image, ModelConfig config, ModelFormats formats)
    {
        _image = image;
        _activeMost = image is null ? 0 : ActivationSample.Find(image)?.ActiveMost ?? 0;
        Config = config;
        Formats = formats;
        Layout = new BundleLayout(formats.Bundles, config.HiddenSize, config.Gated, config.FfnBias);
    }

    /// <summary>Its shape.</summary>
    public ModelConfig Config { get; }

    /// <summary>The formats of its matrices.</summary>
    public ModelFormats Formats { get; }

    /// <summary>How its neurons lie on flash.</summary>
    public BundleLayout Layout { get; }

    /// <summary>Whether it is packed: only then predictors of its own and an order are known.</summary>
    public bool IsPacked => _image is not null;

    /// <summary>The model of an image; its weights are not read.</summary>
    /// <exception cref="NeuralinkException">Its configuration is damaged.</exception>
    public static PlannedModel Of(FlashImage image) => new(image, ModelConfigJson.Read(image), ModelFormats.Read(image.Manifest.Weights));

    /// <summary>A model as it would be packed, in its own order.</summary>
    public static PlannedModel Of(ModelConfig config, ModelFormats formats) => new(image: null, config, formats);

    /// <summary>The order of a layer's neurons on flash.</summary>
    public Permutation OrderOf(int layer) => _image?.PlacementOf(new LayerIndex(layer)) ?? Permutation.Identity(Config.FfnSize);

    /// <summary>How the engine would share out its memory.</summary>
    /// <param name="options">Its options.</param>
    /// <exception cref="NeuralinkException">It does not fit (the message has the plan and the smallest budget that works), or a predictor
    /// is not there.</exception>
    public MemoryPlan MemoryPlanOf(EngineOptions options) => PlannerOf(options).Make();

    internal MemoryPlan SmallestPlanOf(EngineOptions options) => PlannerOf(options).Smallest();

    private MemoryPlanner PlannerOf(EngineOptions options) =>
        new(Config, Formats, Layout.StrideBytes, PredictorsOf(options), options, _activeMost);

    internal PredictorSources PredictorsOf(EngineOptions asked)
    {
        EngineOptions options = asked.For(Config);
        return _image is null
            ? PredictorSources.Of(options, (predictor, _) => SourceOf(predictor))
            : PredictorSources.Open(ImageModel.Of(_image), options);
    }

    /// <summary>What a predictor that is made from the packed weights will need.</summary>
    private PredictorSource SourceOf(PredictorOptions options)
    {
        Func<int, long> bytes = options.Kind switch
        {
            PredictorKind.Exact => chunk =>
                WeightFile.RequiredBytes(Config, Formats, TensorPlace.Predictor)
                    + ExactPredictor.RequiredBytes(Config, Formats.Predictor, chunk),
            PredictorKind.All => _ => 0,
            PredictorKind.Sketch => chunk => SketchPredictor.RequiredBytes(Config, options.Bits, chunk),
            _ => throw new NeuralinkException(
                "plan for a model that is not packed", "a predictor made from its weights: exact or sketch", options.Name,
                "pack the model with 'neuralink pack' and give the image"),
        };
        return new PredictorSource(
            PredictorInput.FfnInput, Depth: 0, bytes,
            static (_, _, _, _) => throw new InvalidOperationException("The model is not packed."))
        {
            IsExact = options.Kind == PredictorKind.Exact,
        };
    }
}
