using System.CommandLine;
using Neuralink.Cli.Terminal;
using Neuralink.Kernels;
using Neuralink.Placement.Caching;
using Neuralink.Storage.Devices;

namespace Neuralink.Cli.Generate;

/// <summary>How a model is opened: the options of all commands that generate. Defaults are the engine's own.</summary>
internal sealed class EngineArguments
{
    private static readonly EngineOptions s_engine = new();

    private readonly Option<string?> _model = TypedOption.Text(
        ["--model", "-m"], "MODEL",
        "A flash image (made by 'neuralink pack'), or a Hugging Face folder, hf:ORG/NAME or a GGUF file, which is packed into the cache "
        + "folder when it is first used [default: the bundled tiny-stories]");

    private readonly Option<long?> _memory = CommonOptions.Memory(
        "Budget for all of the engine's native memory, e.g. 64MiB [default: what the other options need]", "64MiB");

    private readonly Option<CacheSize?> _cache =
        CommonOptions.Cache("FFN neurons kept in DRAM: a share (10% or 0.1) or bytes (512MiB)");

    private readonly Option<CachePolicyKind?> _cachePolicy = TypedOption.OneOf(
        "--cache-policy", "How the cache is ruled [default: as the strategy says: window for llmflash and frequency, otherwise lfu]",
        OptionWords.CachePolicies);

    private readonly Option<WarmUpMode?> _warmUp = TypedOption.OneOf(
        "--warm-up",
        "Fill the empty cache in large reads while nothing more urgent is read. auto: if it holds all neurons, or at least half of them "
        + "and the image knows which fire most [default: auto]",
        OptionWords.WarmUps);

    private readonly Option<long?> _gap = TypedOption.Of<long>(
        ["--gap"], "BYTES",
        "Read through gaps of up to this many bytes, e.g. 16KiB; 0 reads through none [default: as the device's reads cost]",
        "a number of bytes such as 16KiB", ValueReaders.Bytes);

    private readonly Option<int?> _threads = CommonOptions.Threads("text does");

    private readonly Option<ExecutionStrategy?> _strategy = CommonOptions.Strategy(
        "serial: read a layer's neurons, then compute it; prefetch: read the next layer's meanwhile; cluster: compute neurons as their "
        + "reads arrive; llmflash, frequency: baselines, for images of identity and frequency order [default: what suits the model, said "
        + "at start]");

    private readonly Option<PredictorOptions?> _predictor = CommonOptions.Predictor(
        "--predictor",
        "Who says which neurons fire. exact: the resident gates, never changes a token; low-rank[=FILE]: trained or published weights; "
        + "sketch[=BITS]: gates in 2 to 4 bits; oracle=TRACE: the recorded truth, for studies [default: exact]");

    private readonly Option<PredictorOptions?> _lookahead = CommonOptions.Predictor(
        "--lookahead",
        "Who says which neurons later layers will want, for strategies that read ahead; as --predictor [default: a trained one if the "
        + "image has it, otherwise a sketch]");

    private readonly Option<int?> _ahead = CommonOptions.LayersAhead();

    private readonly Option<int?> _queueDepth = TypedOption.Of<int>(
        ["--queue-depth"], "N", $"Reads in flight [default: the device profile's, or {s_engine.QueueDepth}]", "an integer",
        ValueReaders.Integer);

    private readonly Option<FlashAccess?> _io = TypedOption.OneOf(
        "--io", "direct: read past the operating system's page cache; buffered: through it; uring: past it by Linux's io_uring "
        + "[default: what the device profile advises, or direct]",
        OptionWords.Io);

    private readonly Option<string?> _profile = TypedOption.Text(
        ["--profile"], "DEVICE.json",
        "What reads cost, by 'neuralink probe': sets --io and --queue-depth unless they are given, and one named here the gaps "
        + "that are read through; none uses no profile "
        + "[default: the one saved for the image's volume, unless reads are buffered]");

    private readonly Option<Activation?> _activation = CommonOptions.Activation();

    private readonly Option<WeightFormat?> _weights = CommonOptions.Weights();

    /// <summary>--model and what says how it is opened.</summary>
    public IEnumerable<Option> All =>
    [
        _model, _memory, _cache, _cachePolicy, _warmUp, _gap, _threads, _strategy, _predictor, _lookahead, _ahead, _queueDepth, _io,
        _profile, _weights, _activation,
    ];

    /// <exception cref="UsageException">One is out of its range.</exception>
    public EngineSettings Bind(ParseResult parsed)
    {
        EngineSettings settings = new()
        {
            Model = parsed.GetValue(_model),
            Engine = BindEngine(parsed),
            Strategy = parsed.GetValue(_strategy),
            Profile = parsed.GetValue(_profile),
            QueueDepth = parsed.GetValue(_queueDepth),
            Io = parsed.GetValue(_io),
            Reading = new ModelReading(parsed.GetValue(_weights), parsed.GetValue(_activation)),
        };
        CommonOptions.Check(settings.Engine.Validate);
        return settings;
    }

    private EngineOptions BindEngine(ParseResult parsed) => new()
    {
        MemoryBytes = parsed.GetValue(_memory),
        Cache = parsed.GetValue(_cache),
        CachePolicy = parsed.GetValue(_cachePolicy) is { } policy ? CacheOptions.Of(policy) : s_engine.CachePolicy,
        WarmUp = parsed.GetValue(_warmUp) ?? s_engine.WarmUp,
        CollapseGapBytes = (int?)Math.Min(parsed.GetValue(_gap) ?? -1, int.MaxValue) is >= 0 and var gap ? gap : s_engine.CollapseGapBytes,
        Threads = parsed.GetValue(_threads) ?? s_engine.Threads,
        Predictor = parsed.GetValue(_predictor) ?? s_engine.Predictor,
        Lookahead = parsed.GetValue(_lookahead) ?? s_engine.Lookahead,
        LookaheadLayers = parsed.GetValue(_ahead) ?? s_engine.LookaheadLayers,
        QueueDepth = parsed.GetValue(_queueDepth) ?? s_engine.QueueDepth,
        Io = parsed.GetValue(_io) ?? s_engine.Io,
    };
}
