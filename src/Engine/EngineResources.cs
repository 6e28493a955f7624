using Neuralink.Actors;
using Neuralink.Actors.Generation;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Weights;
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
    private readonly Stack<IDisposable> _owned;

    private EngineResources(Stack<IDisposable> owned) => _owned = owned;

    public required EngineOptions Options { get; init; }

    public required FlashImage Image { get; init; }

    public required ModelConfig Config { get; init; }

    public required Tokenizer Tokenizer { get; init; }

    public required MemoryPlan Plan { get; init; }

    public required IFlashFile File { get; init; }

    /// <summary><see cref="File"/>, or what was put around it.</summary>
    public required IFlashDevice Device { get; init; }

    public required PipelineParts Parts { get; init; }

    /// <summary>What jobs work with.</summary>
    public required JobSetup Jobs { get; init; }

    /// <summary>Those who are told of each pass.</summary>
    public required PassObservers Observers { get; init; }

    public EngineStatus Status
    {
        get
        {
            GenerationGauges gauges = Parts.Generation.Gauges;
            return new EngineStatus
            {
                Running = gauges.Running,
                Waiting = gauges.Waiting,
                Paused = gauges.Paused,
                KvBlocks = Plan.KvBlocks,
                KvBlocksFree = Plan.KvBlocks - gauges.TakenBlocks,
                KvBlocksKept = gauges.KeptBlocks,
            };
        }
    }

    public EngineTotals Totals => Jobs.Totals.Read(Jobs.MetricsOf(Parts.Compute.Counts.Snapshot(), layer: null));

    public static EngineResources Load(
        string imageFolder, EngineOptions options, Timeline? timeline, TimeProvider time, Func<IFlashDevice, IFlashDevice>? decorate,
        CancellationToken cancellation)
    {
        options.Validate();
        ImageModel model = ImageModel.Of(FlashImage.Open(imageFolder));
        options = options.For(model.Config);
        CheckOrder(model.Image, options);
        PredictorSources predictors = PredictorSources.Open(model, options);
        CheckContext(model, predictors, options);
        MemoryPlan plan = new MemoryPlanner(
            model.Config, model.Formats, model.Image.StrideBytes, predictors, options, ActiveMostOf(model.Image)).Make();
        if (options.KvTokens < plan.ContextTokens)
        {
            throw new NeuralinkException(
                $"open {model.Image.Folder}", $"a KV cache of at least one context, {plan.ContextTokens} tokens", $"{options.KvTokens}",
                "give it more tokens, or limit the context");
        }
        ImageVerifier.VerifyFile(model.Image, ImageFiles.Placement);
        Stack<IDisposable> owned = new();
        try
        {
            Tokenizer tokenizer = ImageTokenizer.Load(model.Image);
            NativeArena arena = Own(new NativeArena(plan.TotalBytes));
            IFlashFile file = Own(FlashFile.Open(model.Image.NeuronsPath, options.Io, model.Image.StrideBytes, options.QueueDepth, time));
            IFlashDevice device = decorate is null ? file : Own(decorate(file));
            cancellation.ThrowIfCancellationRequested();
            WorkerPool pool = Own(new WorkerPool(options.Threads));
            LoadedModel loaded = new(arena, model, plan, predictors, options, pool, cancellation);
            JobSetup jobs = new() { Config = model.Config, PayloadBytes = model.Layout.PayloadBytes, Time = time };
            LayerCounters counters = new(model.Config.LayerCount);
            PassObservers observers = new(jobs, counters);
            PipelineParts parts = new PipelineAssembly(model, plan, options, device, time, counters).Assemble(loaded, timeline, observers);
            return new EngineResources(owned)
            {
                Options = options,
                Image = model.Image,
                Config = model.Config,
                Tokenizer = tokenizer,
                Plan = plan,
                File = file,
                Device = device,
                Parts = parts,
                Jobs = jobs,
                Observers = observers,
            };
        }
        catch
        {
            Free(owned);
            throw;
        }

        T Own<T>(T resource)
            where T : IDisposable
        {
            owned.Push(resource);
            return resource;
        }
    }

    public void Dispose() => Free(_owned);

    /// <summary>What the image's sample says of how much a token wants; 0 where there is none that can be read.</summary>
    private static int ActiveMostOf(FlashImage image)
    {
        try
        {
            return ActivationSample.Find(image)?.ActiveMost ?? 0;
        }
        catch (NeuralinkException)
        {
            return 0;       // it makes leases of a better size, and no text depends on it; 'neuralink plan' says what is wrong with it
        }
    }

    /// <summary>In the reverse order: the device, which may still write into frames, before the memory.</summary>
    private static void Free(Stack<IDisposable> owned)
    {
        while (owned.TryPop(out IDisposable? resource))
            resource.Dispose();
    }

    /// <summary>A baseline is one only over the order that it is defined with.</summary>
    private static void CheckOrder(FlashImage image, EngineOptions options)
    {
        StrategySwitches strategy = StrategySwitches.Of(options.Strategy);
        if (strategy.Order is not { } order)
            return;
        string expected = order.ToString().ToLowerInvariant(), found = image.Manifest.Placement.Method;
        if (found != expected)
        {
            throw new NeuralinkException(
                $"open {image.Folder}", $"neurons in {expected} order, which the strategy {strategy.Name} is defined with", found,
                $"make such an image with `neuralink place --method {expected}`, or choose another strategy");
        }
    }

    private static void CheckContext(ImageModel model, PredictorSources predictors, EngineOptions options)
    {
        if (options.ContextTokens > model.Config.ContextLength)
        {
            throw new NeuralinkException(
                $"open {model.Image.Folder}", $"a context of at most {model.Config.ContextLength} tokens, which the model was made for",
                $"{options.ContextTokens}", "shorten the prompt or generate fewer tokens");
        }
        if (options.ContextTokens > predictors.TokensMax)
        {
            throw new NeuralinkException(
                "predict by an activation trace", $"prompt and generated tokens to be among the {predictors.TokensMax} of the trace",
                $"{options.ContextTokens}", "trace more of this text, or generate fewer tokens");
        }
    }
}
