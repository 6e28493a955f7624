using Neuralink.Actors.Compute;
using Neuralink.Actors.Prediction;
using Neuralink.Kernels;
using Neuralink.Models.Inference;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Storage.Memory;

namespace Neuralink;

/// <summary>What of a model is in the engine's arena: all that <see cref="MemoryPlan"/> counts.</summary>
internal sealed class LoadedModel
{
    private readonly ResidentHalf _resident;
    private readonly NeuronPredictor _predictor;
    private readonly SparseFfn _ffn;
    private readonly ForwardPass _rows;
    private readonly PredictedRows? _predicted;

    /// <param name="arena">Of exactly the plan's size; sealed when all is in it.</param>
    /// <param name="model">What is loaded.</param>
    /// <param name="plan">How the memory is shared out.</param>
    /// <param name="predictors">Who predicts, and who looks ahead.</param>
    /// <param name="options">How to load it.</param>
    /// <param name="pool">The threads that compute.</param>
    /// <param name="cancellation">Stops the loading.</param>
    public LoadedModel(
        NativeArena arena, ImageModel model, MemoryPlan plan, PredictorSources predictors, EngineOptions options, WorkerPool pool,
        CancellationToken cancellation)
    {
        ResidentSizes sizes = MemoryPlanner.ResidentOf(model.Config, model.Formats, plan, options);
        Frames = new FrameArena(arena, plan.Frames.FrameCount, model.Image.StrideBytes, "frames");
        _resident = new ResidentHalf(
            arena, sizes,
            into => WeightFile.Load(model, TensorPlace.Resident, into, options.Io, cancellation, sizes.LeavesEmbedding), pool);
        (_predictor, NeuronPredictor? ahead, NeuronPredictor? secondLook) =
            predictors.Load(arena, sizes.ChunkTokens, pool.Threads, cancellation);
        if (plan.ScreensGates)
            ((ExactPredictor)_predictor).AddScreen(arena, pool);
        BundleKernels[] bundles = SparseFfn.KernelsOf(model.Config, model.Layout);
        DecidingRows? deciding = model.Layout.HasDeciding ? null : _predictor is ExactPredictor exact ? DecidingRows.Of(exact)
            : DecidingRows.Load(
                WeightFile.Load(model, TensorPlace.Predictor, arena, options.Io, cancellation), model.Config, model.Formats.Predictor);
        _ffn = new SparseFfn(arena, bundles, Frames, plan.Frames.LeasedMax, _resident.Activations, pool, deciding);
        Lookahead = new LookaheadInputs(arena, model.Config, _resident.Activations, ahead, secondLook, options.LookaheadLayers);
        arena.Seal();
        _rows = new ForwardPass(sizes.ChunkTokens);
        _predicted = options.Predictor.IsExact ? null : new PredictedRows(model.Config.FfnSize, sizes.ChunkTokens);
        Prediction = new ModelPrediction(_predictor, pool, _resident.Activations, Lookahead, _rows, _predicted);
    }

    /// <summary>Where neurons come to lie.</summary>
    public FrameArena Frames { get; }

    /// <summary>What is looked ahead to, and from what.</summary>
    public LookaheadInputs Lookahead { get; }

    /// <summary>Says which neurons a layer needs.</summary>
    public ModelPrediction Prediction { get; }

    /// <summary>The most tokens of a pass.</summary>
    public int ChunkTokens => _resident.Activations.ChunkTokens;

    /// <summary>Keys and values.</summary>
    public KvBlockPool Blocks => _resident.Blocks;

    /// <summary>The arithmetic of a pass.</summary>
    public ModelForwardPass NewForwardPass() =>
        new(_resident.Decoder, _rows, _ffn, Lookahead, _resident.Activations.LogitRows, _predicted);
}
