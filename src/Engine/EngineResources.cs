using Neuralink.Actors;
using Neuralink.Actors.Compute;
using Neuralink.Actors.Io;
using Neuralink.Actors.Prediction;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Weights;
using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Reads;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;

namespace Neuralink;

/// <summary>
/// Everything of an engine that outlives its actors: files, native memory, threads that compute, and the states the actors wrap.
/// </summary>
internal sealed class EngineResources : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    private EngineResources()
    {
    }

    public EngineOptions Options { get; private init; } = null!;

    public FlashImage Image { get; private set; } = null!;

    public ModelConfig Config { get; private set; } = null!;

    public Tokenizer Tokenizer { get; private set; } = null!;

    public MemoryPlan Plan { get; private set; } = null!;

    public IFlashFile File { get; private set; } = null!;

    /// <summary><see cref="File"/>, or what was put around it.</summary>
    public IFlashDevice Device { get; private set; } = null!;

    public PipelineParts Parts { get; private set; } = null!;

    /// <summary>What jobs work with.</summary>
    public JobSetup Jobs { get; private set; } = null!;

    public static EngineResources Load(
        string imageFolder, EngineOptions options, Timeline? timeline, TimeProvider time, Func<IFlashDevice, IFlashDevice>? decorate, CancellationToken cancellation)
    {
        options.Validate();
        EngineResources resources = new() { Options = options };
        try
        {
            resources.OpenFiles(imageFolder, options, time, decorate);
            cancellation.ThrowIfCancellationRequested();
            resources.LoadModel(options, timeline, time, cancellation);
            return resources;
        }
        catch
        {
            resources.Dispose();
            throw;
        }
    }

    /// <summary>Frees in the reverse order: the device, which may still write into frames, before the memory.</summary>
    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
            _owned[i].Dispose();
        _owned.Clear();
    }

    private void OpenFiles(string imageFolder, EngineOptions options, TimeProvider time, Func<IFlashDevice, IFlashDevice>? decorate)
    {
        Image = FlashImage.Open(imageFolder);
        Config = ModelConfigJson.Read(Image);
        CheckBundle();
        CheckOrder(options);
        Predictors = PredictorSources.Open(Image, Config, options);
        CheckContext(options);
        Plan = MemoryPlan.Make(Config, WeightFormats.Parse(Image.Manifest.Weights), Image.StrideBytes, Predictors, options);
        ImageVerifier.VerifyFile(Image, ImageFiles.Placement);
        Tokenizer = ImageTokenizer.Load(Image);
        Arena = Own(new NativeArena(Plan.TotalBytes));
        File = Own(FlashFile.Open(Image.NeuronsPath, options.Io, Image.StrideBytes, options.QueueDepth, time));
        Device = decorate is null ? File : Own(decorate(File));
    }

    private NativeArena Arena { get; set; } = null!;

    private PredictorSources Predictors { get; set; } = null!;

    private void LoadModel(EngineOptions options, Timeline? timeline, TimeProvider time, CancellationToken cancellation)
    {
        WeightFormat format = WeightFormats.Parse(Image.Manifest.Weights);
        int chunk = Math.Min(options.ChunkTokens, Plan.ContextTokens);
        WorkerPool pool = Own(new WorkerPool(options.Threads));
        FrameArena frames = new(Arena, Plan.Frames.FrameCount, Image.StrideBytes, "frames");
        WeightFile weights = WeightFile.Load(Image, Config, TensorPlace.Resident, Arena, options.Io, cancellation);
        ResidentModel model = ResidentModel.Load(weights, Config, format);
        (NeuronPredictor predictor, NeuronPredictor? ahead) = Predictors.Load(Arena, chunk, pool.Threads, cancellation);
        StrategySwitches strategy = StrategySwitches.Of(options.Strategy);
        KvBlockPool blocks = new(Arena, Config, Plan.KvBlocks);
        Activations activations = new(Arena, Config, chunk, MemoryPlan.LogitRows);
        Decoder decoder = new(Arena, model, activations, Plan.ContextTokens, pool);
        BundleKernels bundles = new(BundleLayoutOf(format), Config.ActivationFunction, gateFirst: !options.Predictor.IsExact);
        SparseFfn ffn = new(Arena, bundles, frames, Plan.Frames.LeasedMax, activations, pool);
        LookaheadInputs lookahead = new(Arena, Config, activations, ahead, options.LookaheadLayers);
        Arena.Seal();

        // The tracks in the order in which a viewer shows them.
        TimelineTrack? predictorTrack = timeline?.AddTrack("Predictor"), ioTrack = timeline?.AddTrack("Io");
        TimelineTrack? computeTrack = timeline?.AddTrack("Compute");
        LayerCounters counters = new(Config.LayerCount);
        int extentSlotsMax = options.ExtentSlotsMax(Image.StrideBytes);
        ForwardPass rows = new(chunk);
        Parts = new PipelineParts
        {
            Io = new IoSetup { Image = Image, Port = new FlashPort(Device, frames, extentSlotsMax), Frames = frames, Time = time, Timeline = ioTrack },
            Residency = new ResidencySetup
            {
                Limits = Plan.Frames,
                Strategy = strategy,
                LayerCount = Config.LayerCount,
                PlacementOf = Image.PlacementOf,
            },
            Predictor = new PredictorSetup
            {
                Prediction = new ModelPrediction(predictor, pool, activations, lookahead, Config.FfnSize, rows),
                Plan = lookahead.Plan,
                Counts = counters,
                Time = time,
                Timeline = predictorTrack,
            },
            Compute = new ComputeSetup
            {
                Pass = new ModelForwardPass(decoder, new KvSequence(blocks, Plan.ContextTokens), rows, ffn, lookahead),
                LayerCount = Config.LayerCount,
                LooksAheadFirst = lookahead.Plan.FirstCount > 0,
                Strategy = strategy,
                Counts = counters,
                Time = time,
                Timeline = computeTrack,
            },
            NewStates = () => NewStates(options, extentSlotsMax, counters, time),
        };
        Jobs = new JobSetup
        {
            Config = Config,
            Logits = activations.Logits,
            ChunkTokens = chunk,
            PayloadBytes = Image.Manifest.Bundle.PayloadBytes,
            Counters = counters,
            Time = time,
        };
        Parts.Renew();
    }

    private PipelineStates NewStates(EngineOptions options, int extentSlotsMax, LayerCounters counters, TimeProvider time)
    {
        NeuronKeys keys = new(Config.LayerCount, Config.FfnSize);
        CachePolicy policy = CachePolicies.Create(options.Policy, keys.Count, Plan.Frames.CachedMax, HottestFor(options.Policy));
        LookaheadGate gate = new(Config.LayerCount, options.LookaheadPrecisionMin);
        FetchSetup fetch = new()
        {
            Planner = new ReadPlanner(options.PlannedReadCost, Image.StrideBytes, extentSlotsMax, keys.NeuronsPerLayer),
            Detector = options.FixedGapBytes is null ? new BottleneckDetector(options.ReadCost.BytesPerMicroMax) : null,
            AttemptsMax = options.ReadAttemptsMax,
            QueueDepth = Device.QueueDepth,
            Counts = counters,
            MicrosPerTick = time.GetElapsedTime(0, 1_000_000).TotalMicroseconds / 1_000_000,
        };
        return new PipelineStates(
            new CacheState(Plan.Frames, keys, policy, gate, counters), fetch, new NeuronSetPool(keys.NeuronsPerLayer));
    }

    /// <summary>What fired most in the trace that the image was placed by, as far as the policy pins it.</summary>
    private int[] HottestFor(CacheOptions policy)
    {
        if (policy.PinnedShare == 0)
            return [];
        FiringSample sample = FiringSample.Find(Image) ?? throw new NeuralinkException(
            $"pin the hot neurons of {Image.Folder}", "an image that knows which fire most", "none of that", "place it by a trace with `neuralink place --trace`");
        return HotSet.Of(sample.Counts, (int)(policy.PinnedShare * Plan.Frames.CachedMax));
    }

    private BundleLayout BundleLayoutOf(WeightFormat format) => new(format, Config.HiddenSize, Config.Gated, Config.FfnBias);

    /// <summary>The manifest's bundle must be the one that this model's shape gives: the kernels read weights by that.</summary>
    private void CheckBundle()
    {
        BundleLayout layout = BundleLayoutOf(WeightFormats.Parse(Image.Manifest.Weights));
        BundleManifest expected = new(layout.StrideBytes, layout.PayloadBytes, layout.Gated, layout.Biased);
        if (Image.Manifest.Bundle != expected)
            throw new NeuralinkException($"open {Image.Folder}", $"{expected}, as the model's shape gives", $"{Image.Manifest.Bundle}", "the image is damaged; pack the model again");
    }

    /// <summary>A baseline is one only over the order that it is defined with.</summary>
    private void CheckOrder(EngineOptions options)
    {
        StrategySwitches strategy = StrategySwitches.Of(options.Strategy);
        if (strategy.Order is not { } order)
            return;
        string expected = order.ToString().ToLowerInvariant(), found = Image.Manifest.Placement.Method;
        if (found != expected)
        {
            throw new NeuralinkException(
                $"open {Image.Folder}", $"neurons in {expected} order, which the strategy {strategy.Name} is defined with", found,
                $"make such an image with `neuralink place --method {expected}`, or choose another strategy");
        }
    }

    private void CheckContext(EngineOptions options)
    {
        if (options.ContextTokens > Config.ContextLength)
        {
            throw new NeuralinkException(
                $"open {Image.Folder}", $"a context of at most {Config.ContextLength} tokens, which the model was made for", $"{options.ContextTokens}",
                "shorten the prompt or generate fewer tokens");
        }
        if (options.ContextTokens > Predictors.TokensMax)
        {
            throw new NeuralinkException(
                "predict by a firing trace", $"prompt and generated tokens to be among the {Predictors.TokensMax} of the trace", $"{options.ContextTokens}",
                "trace more of this text, or generate fewer tokens");
        }
    }

    private T Own<T>(T resource)
        where T : IDisposable
    {
        _owned.Add(resource);
        return resource;
    }
}
