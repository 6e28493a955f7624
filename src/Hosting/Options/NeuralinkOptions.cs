using Neuralink.Kernels;
using Neuralink.Pipeline;
using Neuralink.Placement.Caching;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Hub;

namespace Neuralink.Hosting;

/// <summary>
/// The model that a host serves, and how. Bound from the configuration section <see cref="Section"/>, whose keys are the properties' names
/// and whose values are spelt as the options of the command `neuralink` are ("64MiB", "10%", "prefetch+cluster", "sketch=3"), and then
/// changed by the code that calls AddNeuralink. Null is the engine's own default, or what suits the model and the device. Checked when the
/// host starts; every error is listed.
/// </summary>
public sealed class NeuralinkOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Neuralink";

    /// <summary>
    /// Texts that run at once when nobody says how many: each bundle that is read serves all of them, and more of them take more memory.
    /// </summary>
    public const int DefaultSequences = 8;

    // Few texts are near the end of the context at once, and where blocks run out the one that came last waits.
    private const int DefaultKvContexts = 2;

    /// <summary>
    /// A flash image, or a Hugging Face folder, a GGUF file or hf:ORG/NAME, which is packed when it is first used. Required.
    /// </summary>
    public string? Model { get; set; }

    /// <summary>A file with a Jinja chat template, instead of the model's own.</summary>
    public string? ChatTemplate { get; set; }

    /// <summary>Budget for all of the engine's native memory, in bytes.</summary>
    public long? Memory { get; set; }

    /// <summary>FFN neurons kept in DRAM: a share of all, or bytes.</summary>
    public CacheSize? Cache { get; set; }

    /// <summary>How the cache is ruled.</summary>
    public CachePolicyKind? CachePolicy { get; set; }

    /// <summary>Whether the empty cache is filled in large reads; the host is ready when it is.</summary>
    public WarmUpMode? WarmUp { get; set; }

    /// <summary>The widest gap that is read through, in bytes.</summary>
    public long? Gap { get; set; }

    /// <summary>Threads that compute.</summary>
    public int? Threads { get; set; }

    /// <summary>How reading and computing share the time.</summary>
    public ExecutionStrategy? Strategy { get; set; }

    /// <summary>Who says which neurons fire.</summary>
    public PredictorOptions? Predictor { get; set; }

    /// <summary>Who says which neurons later layers will want.</summary>
    public PredictorOptions? Lookahead { get; set; }

    /// <summary>How many layers are looked ahead.</summary>
    public int? Ahead { get; set; }

    /// <summary>Reads in flight.</summary>
    public int? QueueDepth { get; set; }

    /// <summary>How flash is read.</summary>
    public FlashAccess? Io { get; set; }

    /// <summary>A device profile's file, or "none".</summary>
    public string? Profile { get; set; }

    /// <summary>The format an unpacked model is packed in.</summary>
    public WeightFormat? Weights { get; set; }

    /// <summary>The activation that an unpacked model was trained with.</summary>
    public Activation? Activation { get; set; }

    /// <summary>
    /// Positions of a text, prompt and answer together. Null: the model's, up to <see cref="ContextFit.DefaultConversationTokens"/>.
    /// </summary>
    public int? Context { get; set; }

    /// <summary>Texts that run at once. Null: <see cref="DefaultSequences"/>.</summary>
    public int? Sequences { get; set; }

    /// <summary>Texts that may wait beyond these; what comes then is refused.</summary>
    public int? Waiting { get; set; }

    /// <summary>
    /// Tokens whose keys and values there is room for, of all texts together and those kept for later ones. Null: two contexts, or one
    /// where one text runs at once.
    /// </summary>
    public int? KvTokens { get; set; }

    /// <summary>Tokens of a prompt that are run together.</summary>
    public int? Chunk { get; set; }

    /// <summary>
    /// Where unpacked models are packed into. Null: the user's cache folder, as the host's configuration has its environment variables
    /// (<see cref="CacheFolder.Find"/>).
    /// </summary>
    public string? PackFolder { get; set; }

    /// <summary>
    /// Whether a model that cannot be opened ends the host, with the error; default true. Otherwise the host lives on, never ready, and
    /// whoever asks the engine for something is told why.
    /// </summary>
    public bool StopHostOnFailure { get; set; } = true;

    /// <summary>What is wrong with the configuration section; none of its other values is lost for it.</summary>
    internal List<string> BindingErrors { get; } = [];

    /// <summary>What the model will be called, as far as its name says.</summary>
    internal string ModelName => HubAddress.IsAddress(Model!) ? HubAddress.Parse(Model!).Name : ModelStore.NameOf(Model!);

    internal EngineOptions ToEngine()
    {
        EngineOptions engine = new();
        return engine with
        {
            MemoryBytes = Memory,
            Cache = Cache,
            CachePolicy = CachePolicy is { } policy ? CacheOptions.Of(policy) : engine.CachePolicy,
            WarmUp = WarmUp ?? engine.WarmUp,
            CollapseGapBytes = (int?)Math.Min(Gap ?? -1, int.MaxValue) is >= 0 and var gap ? gap : engine.CollapseGapBytes,
            Threads = Threads ?? engine.Threads,
            Predictor = Predictor ?? engine.Predictor,
            Lookahead = Lookahead ?? engine.Lookahead,
            LookaheadLayers = Ahead ?? engine.LookaheadLayers,
            QueueDepth = QueueDepth ?? engine.QueueDepth,
            Io = Io ?? engine.Io,
            ContextTokens = Context,
            SequencesMax = Sequences ?? DefaultSequences,
            WaitingMax = Waiting ?? engine.WaitingMax,
            KvTokens = KvTokens,
            ChunkTokens = Chunk ?? engine.ChunkTokens,
        };
    }

    internal ModelSetup ToSetup() => new()
    {
        Folder = Model!,
        ChatTemplate = ChatTemplate,
        Reading = new ModelReading(Weights, Activation),
        Strategy = Strategy,
        Profile = Profile,
        QueueDepth = QueueDepth,
        Io = Io,
        Engine = ToEngine(),
        ContextTokens = (_, config) => Context ?? Math.Min(config.ContextLength, ContextFit.DefaultConversationTokens),
        KvTokens = context => KvTokens ?? checked(Math.Min(Sequences ?? DefaultSequences, DefaultKvContexts) * context),
    };
}
