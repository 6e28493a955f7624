using Neuralink.Actors;
using Neuralink.Actors.Compute;
using Neuralink.Actors.Generation;
using Neuralink.Actors.Io;
using Neuralink.Actors.Prediction;
using Neuralink.Models.Weights;
using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Residency;
using Neuralink.Pipeline.Scheduling;
using Neuralink.Placement;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Reads;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;

namespace Neuralink;

/// <summary>Makes the parts that the actors of an engine are made from.</summary>
/// <param name="model">The model.</param>
/// <param name="plan">How the memory is shared out.</param>
/// <param name="options">How the engine is set up.</param>
/// <param name="device">Where neurons are read from.</param>
/// <param name="time">The clock.</param>
/// <param name="counters">Every actor's.</param>
internal sealed class PipelineAssembly(
    ImageModel model, MemoryPlan plan, EngineOptions options, IFlashDevice device, TimeProvider time, LayerCounters counters)
{
    private readonly int _extentSlotsMax = options.ExtentSlotsMax(model.Image.StrideBytes);
    private readonly int[] _hottest = HottestOf(model, options, plan.Frames.CachedMax);
    private readonly WarmUpPlan? _warmUp = WarmUpPlans.For(options, model.Image, plan.Frames.CachedMax);

    /// <exception cref="NeuralinkException">Hot neurons are to be pinned and the image does not know them.</exception>
    public PipelineParts Assemble(LoadedModel loaded, Timeline? timeline, PassObservers observers)
    {
        // The tracks in the order in which a viewer shows them.
        TimelineTrack? predictorTrack = timeline?.AddTrack("Predictor"), ioTrack = timeline?.AddTrack("Io");
        TimelineTrack? computeTrack = timeline?.AddTrack("Compute");
        StrategySwitches strategy = StrategySwitches.Of(options.Strategy);
        return new PipelineParts
        {
            Io = new IoSetup
            {
                Image = model.Image,
                Port = new FlashPort(device, loaded.Frames, _extentSlotsMax),
                Time = time,
                Timeline = ioTrack,
            },
            Residency = new ResidencySetup
            {
                Limits = plan.Frames,
                Strategy = strategy,
                LayerCount = model.Config.LayerCount,
                PlacementOf = model.Image.PlacementOf,
            },
            Predictor = new PredictorSetup
            {
                Prediction = loaded.Prediction,
                Plan = loaded.Lookahead.Plan,
                Counts = counters,
                Time = time,
                Timeline = predictorTrack,
            },
            Compute = new ComputeSetup
            {
                Pass = loaded.NewForwardPass(),
                LayerCount = model.Config.LayerCount,
                LooksAheadFirst = loaded.Lookahead.Plan.FirstCount > 0,
                Strategy = strategy,
                Counts = counters,
                Time = time,
                Timeline = computeTrack,
            },
            Generation = new GenerationSetup
            {
                Limits = new SchedulerLimits(loaded.ChunkTokens, options.SequencesMax),
                Blocks = loaded.Blocks,
                PositionsMax = plan.ContextTokens,
                TriesLookahead = options.TriesLookahead && strategy.ReadsAhead,
                Counters = counters,
                Time = time,
                PassEnded = observers.PassEnded,
            },
            NewStates = () => NewStates(loaded),
        };
    }

    private PipelineStates NewStates(LoadedModel loaded)
    {
        loaded.Blocks.Clear();      // of jobs that ended with the actors
        NeuronKeys keys = new(model.Config.FfnCount, model.Config.FfnSize);
        CachePolicy policy = CachePolicies.Create(options.Policy, keys.Count, plan.Frames.CachedMax, _hottest);
        LookaheadGate gate = new(model.Config.LayerCount, options.LookaheadPrecisionMin);
        FetchSetup fetch = new()
        {
            Planner = new ReadPlanner(options.PlannedReadCost, model.Image.StrideBytes, _extentSlotsMax, keys.NeuronsPerLayer),
            Detector = options.FixedGapBytes is null ? new BottleneckDetector(options.ReadCost.BytesPerMicroMax) : null,
            AttemptsMax = options.ReadAttemptsMax,
            QueueDepth = device.QueueDepth,
            Counts = counters,
            MicrosPerTick = time.GetElapsedTime(0, 1_000_000).TotalMicroseconds / 1_000_000,
        };
        CacheState cache = new(plan.Frames, keys, policy, gate, counters, _warmUp);
        return new PipelineStates(cache, fetch, new NeuronSetPool(keys.NeuronsPerLayer));
    }

    /// <summary>What fired most in the trace that the image was placed by, as far as the policy pins it.</summary>
    private static int[] HottestOf(ImageModel model, EngineOptions options, int cachedMax)
    {
        (FlashImage image, CacheOptions policy) = (model.Image, options.Policy);
        if (policy.PinnedShare == 0)
            return [];
        if (StrategySwitches.Of(options.Strategy).Streams)
            return FirstOfEachLayer(image, cachedMax);
        ActivationSample sample = ActivationSample.Find(image) ?? throw new NeuralinkException(
            $"pin the hot neurons of {image.Folder}", "an image that knows which fire most", "none of that",
            "place it by a trace with `neuralink place --trace`");
        return HotSet.Of(sample.Counts, (int)(policy.PinnedShare * cachedMax));
    }

    /// <summary>
    /// The part of a stream that stays: the first neurons on flash of each layer, of all layers alike. They are computed while the rest
    /// comes.
    /// </summary>
    private static int[] FirstOfEachLayer(FlashImage image, int count)
    {
        NeuronKeys keys = new(image.FfnCount, image.SlotCount);
        List<int> first = new(count);
        for (int slot = 0; slot < image.SlotCount; slot++)
        {
            for (int layer = 0; layer < image.FfnCount && first.Count < count; layer++)
            {
                LayerIndex index = new(layer);
                first.Add(keys.Of(index, image.PlacementOf(index).NeuronAt(new Slot(slot))).Value);
            }
        }
        return [.. first];
    }
}
