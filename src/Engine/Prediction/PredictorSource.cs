using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;
using Neuralink.Storage.Traces;

namespace Neuralink;

/// <summary>A predictor before it is loaded: what it will need, and how to load it.</summary>
/// <param name="Input">What it takes.</param>
/// <param name="Depth">For how many layers ahead it was made.</param>
/// <param name="RequiredBytes">Native memory, for a chunk of so many tokens.</param>
/// <param name="Load">Loads it for a chunk of so many tokens and so many threads, unless it is cancelled.</param>
internal sealed record PredictorSource(
    PredictorInput Input, int Depth, Func<int, long> RequiredBytes, Func<NativeArena, int, int, CancellationToken, NeuronPredictor> Load)
{
    /// <summary>Tokens of a text that it can predict for; null: any.</summary>
    public int? TokensMax { get; init; }

    /// <summary>Whether it is the exact predictor, which has the matrix that decides.</summary>
    public bool IsExact { get; init; }

    /// <summary>Another whose weights serve this one too, or null.</summary>
    public PredictorSource? Sharing { get; init; }

    /// <summary>The margin of a sketch; null for all others.</summary>
    public float? SketchMargin { get; init; }

    // A read at need takes a quarter of a millisecond until what it brings can be computed, hardly less on a fast device, and looking ahead
    // to the next layer covers a part of that. A second look pays where it is quicker than the rest: a core goes through so many bytes of
    // sketch in an eighth of a millisecond (docs/experiments/overlap.md).
    private const long SecondLookBytesMax = 3 << 19;

    /// <summary>The margin of a sketch's second look at a layer; null where there is none, or it takes longer than it saves.</summary>
    public float? SecondLookMargin { get; init; }

    /// <summary>Whether a layer that is reached is looked at a second time before it is predicted.</summary>
    public static bool LooksAgain(EngineOptions options, ModelConfig config) =>
        options.Predictor.Kind == PredictorKind.Exact && options.Lookahead is { Kind: PredictorKind.Sketch } sketch
            && SecondLookPays(config, sketch.Bits);

    private static bool SecondLookPays(ModelConfig config, int bits) =>
        (long)config.FfnSize * config.HiddenSize * bits / 8 <= SecondLookBytesMax;

    /// <summary>Opens what the predictor is made from, and checks that it is this model's.</summary>
    /// <param name="options">Which.</param>
    /// <param name="layersAhead">0, or how far it is to look ahead.</param>
    /// <param name="model">The model.</param>
    /// <param name="io">How to read the image's weights.</param>
    /// <exception cref="NeuralinkException">A file cannot be read, is damaged, or belongs to another model or
    /// another lookahead.</exception>
    public static PredictorSource Open(
        PredictorOptions options, int layersAhead, ImageModel model, FlashAccess io) => options.Kind switch
        {
            PredictorKind.Exact => Exact(model, io),
            PredictorKind.Sketch => Sketch(options, layersAhead, model, io),
            PredictorKind.LowRank or PredictorKind.Svd => LowRank(options, layersAhead, model.Image, model.Config),
            PredictorKind.All => All(model.Config),
            PredictorKind.Oracle => Oracle(options, model.Image, model.Config),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Kind, "Not a kind of predictor."),
        };

    /// <summary>Without weights.</summary>
    public static PredictorSource All(ModelConfig config) =>
        new(PredictorInput.Residual, Depth: 0, _ => 0, (_, _, _, _) => new AllNeurons(config.FfnSize));

    private static PredictorSource Exact(ImageModel model, FlashAccess io)
    {
        (ModelConfig config, WeightFormat format) = (model.Config, model.Formats.Predictor);
        return new PredictorSource(
            PredictorInput.FfnInput, Depth: 0,
            chunk => WeightFile.RequiredBytes(config, format, TensorPlace.Predictor) + ExactPredictor.RequiredBytes(config, format, chunk),
            (arena, chunk, threads, cancellation) =>
            {
                WeightFile weights = WeightFile.Load(model, TensorPlace.Predictor, arena, io, cancellation);
                float[][]? norms = DownNorms.Find(model.Image, config);
                return ExactPredictor.Load(weights, arena, config, format, chunk, threads, norms);
            })
        {
            IsExact = true,
        };
    }

    private static PredictorSource Sketch(PredictorOptions options, int layersAhead, ImageModel model, FlashAccess io)
    {
        ModelConfig config = model.Config;
        if (!config.ActivationOf(0).IsRectified)
        {
            throw new NeuralinkException(
                $"predict the neurons of {model.Image.Folder} by a sketch", "an activation that falls silent below a threshold",
                ActivationNames.NameOf(config.Activation, config.ActivationThreshold),
                "use the exact predictor, or the strategy stream, which needs none");
        }
        float margin = options.Margin
            ?? (layersAhead == 0 ? SketchPredictor.DefaultMargin(options.Bits) : PredictorOptions.SketchLookaheadMargin);
        return new PredictorSource(
            PredictorInput.FfnInput, Depth: 0,
            chunkTokens => SketchPredictor.RequiredBytes(config, options.Bits, chunkTokens),
            (arena, chunkTokens, threads, cancellation) => ImageTensors.ReadPredictor(
                model, io,
                tensors => SketchPredictor.Load(tensors, arena, config, options.Bits, margin, chunkTokens, threads), cancellation))
        {
            SketchMargin = margin,
            SecondLookMargin = SecondLookPays(config, options.Bits) ? SketchPredictor.DefaultMargin(options.Bits) : null,
        };
    }

    private static PredictorSource LowRank(PredictorOptions options, int layersAhead, FlashImage image, ModelConfig config)
    {
        bool isSvd = options.Kind == PredictorKind.Svd;
        string path = options.Path ?? image.PathOf(isSvd ? LowRankFile.SvdName : LowRankFile.NameOf(layersAhead));
        if (options.Path is null && !File.Exists(path))
        {
            string how = isSvd ? " --method svd" : layersAhead == 0 ? "" : $" --depth {layersAhead}";
            throw new NeuralinkException(
                $"open {path}", $"a predictor of kind {options.Name}", "no such file",
                $"make one with 'neuralink train-predictor{how}', or give a file");
        }
        LowRankInfo info;
        using (LowRankFile file = OpenLowRank(path, options, config))
            info = file.Info;
        if (info.IsLinear != isSvd)
        {
            string found = info.IsLinear ? "svd" : "low-rank";
            throw new NeuralinkException(
                $"use {path}", $"a predictor of kind {options.Name}", $"one of kind {found}", $"name it as {found}={path}");
        }
        info.ExpectModel(path, image.Folder, image.ModelDigest, config);
        if (info.Depth != layersAhead && info.Depth != 0)
        {
            throw new NeuralinkException(
                $"use {path}",
                layersAhead == 0 ? "a predictor of a layer's own neurons" : $"a predictor of the neurons {layersAhead} layers ahead",
                $"one of the neurons {info.Depth} layers ahead", $"train it with --depth {layersAhead}");
        }
        if (layersAhead == 0 && info.Layers.ToList().IndexOf(null) is >= 0 and int gap)
        {
            throw new NeuralinkException(
                $"use {path}", "a predictor of every layer", $"none of layer {gap}",
                "train one with 'neuralink train-predictor', or use this one to look ahead");
        }
        return new PredictorSource(
            info.Input, info.Depth, chunkTokens => LowRankPredictor.RequiredBytes(info, chunkTokens),
            (arena, chunkTokens, threads, _) =>
            {
                using LowRankFile file = OpenLowRank(path, options, config);
                return LowRankPredictor.Load(file, arena, chunkTokens, threads);
            });
    }

    /// <summary>A file of ours, or else published weights: a folder, or a safetensors file without our metadata.</summary>
    private static LowRankFile OpenLowRank(string path, PredictorOptions options, ModelConfig config)
    {
        bool isOurs = options.Path is null || (File.Exists(path) && LowRankFile.IsOurs(path));
        return isOurs ? LowRankFile.Open(path) : LowRankFile.OpenPublished(path, config, options.Threshold);
    }

    private static PredictorSource Oracle(PredictorOptions options, FlashImage image, ModelConfig config)
    {
        int tokens;
        using (ActivationTrace trace = ActivationTrace.Open(options.Path!))
            tokens = trace.Info.TokenCount;
        return new PredictorSource(
            // It takes no input: the one that is there anyway.
            PredictorInput.Residual, Depth: 0, _ => 0,
            (_, _, _, _) =>
            {
                using ActivationTrace trace = ActivationTrace.Open(options.Path!);
                return OraclePredictor.Load(trace, image, config);
            })
        {
            TokensMax = tokens,
        };
    }
}

/// <summary>Who says what a layer needs, and who looks ahead: the same where one can do both.</summary>
/// <param name="Main">Of the layer that is reached.</param>
/// <param name="Ahead">Of later layers; null without lookahead.</param>
internal sealed record PredictorSources(PredictorSource Main, PredictorSource? Ahead)
{
    /// <summary>Tokens of a text that both can predict for; null: any.</summary>
    public int? TokensMax => Ahead?.TokensMax is { } ahead ? Math.Min(ahead, Main.TokensMax ?? ahead) : Main.TokensMax;

    public static PredictorSources Open(ImageModel model, EngineOptions options) =>
        Of(options, (predictor, layersAhead) => PredictorSource.Open(predictor, layersAhead, model, options.Io));

    /// <summary>What the options ask for.</summary>
    /// <param name="options">The predictors, how far to look ahead, and by the strategy whether at all.</param>
    /// <param name="open">Opens one for so many layers ahead.</param>
    public static PredictorSources Of(EngineOptions options, Func<PredictorOptions, int, PredictorSource> open)
    {
        PredictorSource main = open(options.Predictor, 0);
        if (!StrategySwitches.Of(options.Strategy).ReadsAhead)
            return new PredictorSources(main, Ahead: null);
        PredictorOptions ahead = options.LookaheadPredictor;
        bool isShared = ahead.Kind == options.Predictor.Kind && ahead.Kind switch
        {
            PredictorKind.LowRank => ahead.Path is not null && ahead == options.Predictor,     // without a path each has a file of its own
            PredictorKind.Sketch => ahead.Bits == options.Predictor.Bits,                      // with another margin
            _ => ahead == options.Predictor,
        };
        PredictorSource source = open(ahead, options.LookaheadLayers);
        return new PredictorSources(main, isShared ? source with { Sharing = main } : source);
    }

    public long RequiredBytes(int chunkTokens) =>
        Main.RequiredBytes(chunkTokens) + (Ahead is { Sharing: null } ahead ? ahead.RequiredBytes(chunkTokens) : 0);

    /// <summary>
    /// Loads both, and who looks at a layer's own input before <see cref="Main"/> does: a sketch that looks ahead can, and takes a fraction
    /// of an exact predictor's time. Null where that does not pay.
    /// </summary>
    public (NeuronPredictor Main, NeuronPredictor? Ahead, NeuronPredictor? SecondLook) Load(
        NativeArena arena, int chunkTokens, int threads, CancellationToken cancellation)
    {
        NeuronPredictor main = Main.Load(arena, chunkTokens, threads, cancellation);
        NeuronPredictor? ahead = Ahead switch
        {
            null => null,
            { Sharing: null } => Ahead.Load(arena, chunkTokens, threads, cancellation),
            { SketchMargin: { } margin } => ((SketchPredictor)main).WithMargin(margin),
            _ => main,
        };
        NeuronPredictor? secondLook = main is ExactPredictor && ahead is SketchPredictor sketch && Ahead?.SecondLookMargin is { } second
            ? sketch.WithMargin(second)
            : null;
        return (main, ahead, secondLook);
    }
}
