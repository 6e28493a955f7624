using Neuralink.Models.Weights;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Studies.Measuring;

/// <summary>What was measured: a model, and how its engine was really opened.</summary>
public sealed record BenchSubject
{
    /// <summary>The model's name.</summary>
    public required string Name { get; init; }

    /// <summary>The image's folder.</summary>
    public required string Folder { get; init; }

    /// <summary>The configuration's own model_type.</summary>
    public required string ModelType { get; init; }

    /// <summary>The format of its weights: "f16", "bf16" or "f32".</summary>
    public required string Weights { get; init; }

    /// <summary>Bytes of its weights, on flash and resident.</summary>
    public required long Bytes { get; init; }

    /// <summary>How many weights that are.</summary>
    public required long Parameters { get; init; }

    /// <summary>Bytes of one neuron in the cache.</summary>
    public required int StrideBytes { get; init; }

    /// <summary>Bytes of all neurons in the cache.</summary>
    public required long NeuronBytes { get; init; }

    /// <summary>How it was opened.</summary>
    public required EngineOptions Options { get; init; }

    /// <summary>How its memory was shared out.</summary>
    public required MemoryPlan Memory { get; init; }

    /// <summary>How reading and computing shared the time, in one word.</summary>
    public required string Strategy { get; init; }

    /// <summary>Who named the neurons of later layers; null where the strategy asks nobody.</summary>
    public required PredictorOptions? Lookahead { get; init; }

    /// <summary>How neurons were really read: "direct", "uring" or "buffered".</summary>
    public required string Io { get; init; }

    /// <summary>Whether neurons came past the page cache.</summary>
    public required bool IsPastPageCache { get; init; }

    /// <summary>The device, in words.</summary>
    public required string Device { get; init; }

    /// <summary>Neurons in the cache as a share of all.</summary>
    public double CacheShare => (double)Memory.CacheBytes / NeuronBytes;

    internal static BenchSubject Of(NeuralinkEngine engine)
    {
        FlashImage image = engine.Image;
        FlashAccess access = engine.IsPastPageCache ? engine.Options.Io : FlashAccess.Buffered;
        long neurons = (long)image.FfnCount * image.SlotCount;
        using SafetensorsFile resident = SafetensorsFile.Open(image.PathOf(ImageFiles.Resident));
        return new BenchSubject
        {
            Name = engine.Name,
            Folder = image.Folder,
            ModelType = engine.Model.ModelType,
            Weights = image.Manifest.Weights.ToString(),
            Bytes = (neurons * image.Manifest.Bundle.PayloadBytes) + resident.InFileOrder.Sum(t => t.LengthBytes),
            Parameters = TensorCatalog.All(engine.Model).Where(spec => spec.Place != TensorPlace.Predictor).Sum(spec => spec.ElementCount),
            StrideBytes = image.StrideBytes,
            NeuronBytes = neurons * image.StrideBytes,
            Options = engine.Options,
            Memory = engine.Memory,
            Strategy = engine.Strategy.Name,
            Lookahead = engine.Strategy is { ReadsAhead: true, Streams: false } ? engine.Options.LookaheadPredictor : null,
            Io = OptionWords.Io.First(word => word.Value == access).Word,
            IsPastPageCache = engine.IsPastPageCache,
            Device = engine.DeviceDescription,
        };
    }
}
