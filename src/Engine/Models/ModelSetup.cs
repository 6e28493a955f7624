using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Weights;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Profiles;

namespace Neuralink;

/// <summary>A model to open, and how, as far as the caller says. The rest follows from the model, the device and the machine.</summary>
public sealed record ModelSetup
{
    /// <summary>The value of <see cref="Profile"/> for no profile.</summary>
    public const string NoProfile = "none";

    /// <summary>
    /// A flash image, or a Hugging Face folder, a GGUF file or hf:ORG/NAME (<see cref="ModelStore.Resolve"/>), which is packed when it is
    /// first used.
    /// </summary>
    public required string Folder { get; init; }

    /// <summary>How an unpacked model is read.</summary>
    public ModelReading Reading { get; init; } = ModelReading.AsPublished;

    /// <summary>How reading and computing share the time; null is what suits the model (<see cref="StrategyChoice"/>).</summary>
    public ExecutionStrategy? Strategy { get; init; }

    /// <summary>A device profile's file, <see cref="NoProfile"/>, or null for the one of the image's volume if there is one.</summary>
    public string? Profile { get; init; }

    /// <summary>Reads in flight; null is what the device profile says, or the engine's default.</summary>
    public int? QueueDepth { get; init; }

    /// <summary>How to read; null is what the device profile says, or the engine's default.</summary>
    public FlashAccess? Io { get; init; }

    /// <summary>The file of a chat template; null is the model's own (<see cref="NeuralinkEngine.ChatTemplate"/>).</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>
    /// Positions to make room for, where that depends on the model, as for one prompt: null, and for null, leave it to
    /// <see cref="EngineOptions.ContextTokens"/>.
    /// </summary>
    public Func<Tokenizer, ModelConfig, int?>? ContextTokens { get; init; }

    /// <summary>
    /// Tokens of the KV cache, where that depends on the positions there are: null, and for null, leave it to
    /// <see cref="EngineOptions.KvTokens"/>.
    /// </summary>
    public Func<int, int?>? KvTokens { get; init; }

    /// <summary>All else.</summary>
    public EngineOptions Engine { get; init; } = new();

    /// <summary>The engine's options for an image, and what of them a device profile decided.</summary>
    /// <param name="config">The model.</param>
    /// <param name="image">Its image, or null for a model that is not packed.</param>
    /// <param name="profile">What <see cref="FindProfile"/> found.</param>
    /// <param name="formats">The formats that a model which is not packed would be packed in; null where that is not known.</param>
    public (EngineOptions Options, ProfileUse? Profile, StrategyChoice? Choice) Complete(
        ModelConfig config, FlashImage? image, DeviceProfile? profile, ModelFormats? formats = null)
    {
        EngineOptions options = Engine with { Io = Io ?? Engine.Io, QueueDepth = QueueDepth ?? Engine.QueueDepth };
        ProfileUse? use = null;
        if (profile is not null)
        {
            options = options with
            {
                Io = Io ?? AccessBy(profile.IoMethod),
                QueueDepth = QueueDepth ?? profile.QueueDepth ?? Engine.QueueDepth,
                // Measured (docs/experiments/devices.md): a probe's own file reads faster than an image that has lain for a while, and then
                // its gaps are too wide to be a default.
                ReadCost = Profile is null ? Engine.ReadCost : profile.ToReadCost(),
            };
            use = new ProfileUse(profile.Name, options.Io, options.QueueDepth, options.ReadCost);
        }
        formats ??= image is null ? null : ModelFormats.Read(image.Manifest.Weights);
        (options, StrategyChoice? choice) = StrategyChoice.Complete(options, Strategy, config, image, formats);
        return (options, use, choice);
    }

    /// <summary>The profile of the device that <paramref name="path"/> lies on, or null.</summary>
    /// <exception cref="NeuralinkException">A profile that was named cannot be read.</exception>
    public DeviceProfile? FindProfile(string path, ModelStoreOptions store) => Profile switch
    {
        NoProfile => null,
        { } named => DeviceProfile.Read(named),
        // Profiles are of direct reads; through the page cache reads cost something else, and only the user can know that it is alike.
        null => Io == FlashAccess.Buffered ? null : new ProfileStore(store).Find(path),
    };

    private FlashAccess AccessBy(string? method) => method switch
    {
        "threads" => FlashAccess.Direct,
        "io_uring" => FlashAccess.Uring,
        _ => Engine.Io,
    };
}

/// <summary>What a device profile decided.</summary>
/// <param name="Name">The profile's.</param>
/// <param name="Io">How neurons are read.</param>
/// <param name="QueueDepth">Reads in flight.</param>
/// <param name="ReadCost">What reads are planned by.</param>
public sealed record ProfileUse(string Name, FlashAccess Io, int QueueDepth, Placement.Cost.ReadCost ReadCost);
