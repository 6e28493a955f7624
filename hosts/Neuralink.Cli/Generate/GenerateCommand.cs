using System.CommandLine;
using Neuralink.Cli.Terminal;
using Neuralink.Kernels;
using Neuralink.Models.Sampling;
using Neuralink.Placement.Caching;
using Neuralink.Storage.Devices;

namespace Neuralink.Cli.Generate;

/// <summary>`neuralink generate`: its options, and what they mean to the engine. Defaults are the engine's own.</summary>
internal sealed class GenerateCommand
{
    public const string PromptName = "--prompt";

    private static readonly SamplingOptions s_sampling = new();
    private static readonly EngineOptions s_engine = new();

    private readonly Option<string?> _model = TypedOption.Text(
        ["--model", "-m"], "FOLDER",
        "A flash image (made by 'neuralink pack'), or a Hugging Face folder or hf:ORG/NAME, which is packed into the cache folder at first "
        + "[default: the bundled tiny-stories]");

    private readonly Option<string?> _prompt = TypedOption.Text(
        [PromptName, "-p"], "TEXT", "The text to continue; - reads it from standard input");

    private readonly Option<string?> _file = TypedOption.Text(
        ["--file", "-f"], "FILE", "A file with the text to continue; - is standard input. One line end at its end is dropped");

    private readonly Option<int?> _maxTokens = TypedOption.Of<int>(
        ["--max-tokens", "-n"], "N",
        $"The most tokens to generate; more than the model's context has room for is an error "
        + $"[default: {ContextFit.DefaultMaxTokens}, or fewer where the context ends]",
        "an integer of 1 or more", ValueReaders.PositiveInteger);

    private readonly Option<float?> _temperature = TypedOption.Of<float>(
        ["--temperature"], "T", $"Divides the logits; 0 takes the most probable token always [default: {s_sampling.Temperature}]",
        "a number", ValueReaders.Number);

    private readonly Option<int?> _topK = TypedOption.Of<int>(
        ["--top-k"], "K", $"Choose among the K most probable tokens; 0 is off [default: {s_sampling.TopK}]", "an integer",
        ValueReaders.Integer);

    private readonly Option<float?> _topP = TypedOption.Of<float>(
        ["--top-p"], "P", $"Choose among the fewest tokens whose probabilities sum to P; 1 is off [default: {s_sampling.TopP}]", "a number",
        ValueReaders.Number);

    private readonly Option<float?> _minP = TypedOption.Of<float>(
        ["--min-p"], "P", $"Choose among tokens at least P times as probable as the first; 0 is off [default: {s_sampling.MinP}]",
        "a number", ValueReaders.Number);

    private readonly Option<float?> _repeatPenalty = TypedOption.Of<float>(
        ["--repeat-penalty"], "R",
        $"Makes the last {s_sampling.RepeatLastN} tokens less probable; 1 is off [default: {s_sampling.RepeatPenalty}]", "a number",
        ValueReaders.Number);

    private readonly Option<ulong?> _seed =
        CommonOptions.Seed("Of the random numbers: the same seed gives the same text [default: random, and printed]", "SEED");

    private readonly Option<string[]> _stop = new("--stop")
    {
        HelpName = "TEXT",
        Description = "End before this text; may be given several times",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<bool> _ignoreEnd = new("--ignore-eos") { Description = "Go on past the model's end-of-text tokens" };

    private readonly Option<long?> _memory = CommonOptions.Memory(
        "Budget for all of the engine's native memory, e.g. 64MiB [default: what the other options need]", "64MiB");

    private readonly Option<CacheSize?> _cache =
        CommonOptions.Cache("FFN neurons kept in DRAM: a share (10% or 0.1) or bytes (512MiB)");

    private readonly Option<CachePolicyKind?> _cachePolicy = TypedOption.OneOf<CachePolicyKind>(
        "--cache-policy", "How the cache is ruled [default: as the strategy says: window for llmflash and frequency, otherwise lfu]",
        ("lfu", CachePolicyKind.Lfu), ("s3-fifo", CachePolicyKind.S3Fifo), ("lru", CachePolicyKind.Lru),
        ("window", CachePolicyKind.Window), ("none", CachePolicyKind.None));

    private readonly Option<WarmUpMode?> _warmUp = TypedOption.OneOf<WarmUpMode>(
        "--warm-up",
        "Fill the empty cache in large reads while nothing more urgent is read. auto: if it holds all neurons, or at least half of them "
        + "and the image knows which fire most [default: auto]",
        ("auto", WarmUpMode.Auto), ("none", WarmUpMode.None));

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

    private readonly Option<FlashAccess?> _io = TypedOption.OneOf<FlashAccess>(
        "--io", "direct: read past the operating system's page cache; buffered: through it; uring: past it by Linux's io_uring "
        + "[default: what the device profile advises, or direct]",
        ("direct", FlashAccess.Direct), ("buffered", FlashAccess.Buffered), ("uring", FlashAccess.Uring));

    private readonly Option<string?> _profile = TypedOption.Text(
        ["--profile"], "DEVICE.json",
        "What reads cost, by 'neuralink probe': sets --io and --queue-depth unless they are given, and one named here the gaps "
        + "that are read through; none uses no profile "
        + "[default: the one saved for the image's volume, unless reads are buffered]");

    private readonly Option<Activation?> _activation = CommonOptions.Activation();
    private readonly Option<WeightFormat?> _weights = CommonOptions.Weights();
    private readonly Option<string?> _trace = TypedOption.Text(
        ["--trace"], "FILE", "Write what each actor did when, for ui.perfetto.dev or chrome://tracing");
    private readonly Option<bool> _json = CommonOptions.Json("the text as it comes: the text, and all that is known of the run");

    public static string[] Examples { get; } =
    [
        "neuralink generate --prompt \"Once upon a time\"",
        "neuralink generate -p \"Once upon a time\" -n 64 --temperature 0 --memory 24MiB",
        "neuralink generate --model ./my-model --file story.txt --cache 20% --trace trace.json",
        "echo \"Recipe: \" | neuralink generate -p - --json | jq .timings",
    ];

    public Command Create(Surroundings surroundings)
    {
        Command command = new(
            "generate",
            "Continue a text with a model whose feed-forward neurons are read from flash. The text goes to standard output, all else to "
            + "standard error.");
        foreach (Option option in (ReadOnlySpan<Option>)
            [_model, _prompt, _file, _maxTokens, _temperature, _topK, _topP, _minP, _repeatPenalty, _seed, _stop, _ignoreEnd, _memory,
            _cache, _cachePolicy, _warmUp, _gap, _threads, _strategy, _predictor, _lookahead, _ahead, _queueDepth, _io, _profile, _weights,
            _activation,
            _trace, _json])
        {
            command.Options.Add(option);
        }
        command.SetAction((parsed, cancellation) => new GenerateRun(Bind(parsed, surroundings), surroundings).RunAsync(cancellation));
        return command;
    }

    private GenerateSettings Bind(ParseResult parsed, Surroundings surroundings)
    {
        GenerateSettings settings = new()
        {
            Model = parsed.GetValue(_model),
            Prompt = new PromptSource(parsed.GetValue(_prompt), parsed.GetValue(_file)),
            MaxTokens = parsed.GetValue(_maxTokens),
            Sampling = BindSampling(parsed, surroundings),
            Stop = parsed.GetValue(_stop) ?? [],
            IgnoreEndTokens = parsed.GetValue(_ignoreEnd),
            Engine = BindEngine(parsed),
            Strategy = parsed.GetValue(_strategy),
            Profile = parsed.GetValue(_profile),
            QueueDepth = parsed.GetValue(_queueDepth),
            Io = parsed.GetValue(_io),
            Reading = new ModelReading(parsed.GetValue(_weights), parsed.GetValue(_activation)),
            TracePath = parsed.GetValue(_trace),
            Json = parsed.GetValue(_json),
        };
        CommonOptions.Check(settings.Sampling.Validate);
        CommonOptions.Check(settings.Engine.Validate);
        return settings;
    }

    private SamplingOptions BindSampling(ParseResult parsed, Surroundings surroundings) => new()
    {
        Temperature = parsed.GetValue(_temperature) ?? s_sampling.Temperature,
        TopK = parsed.GetValue(_topK) ?? s_sampling.TopK,
        TopP = parsed.GetValue(_topP) ?? s_sampling.TopP,
        MinP = parsed.GetValue(_minP) ?? s_sampling.MinP,
        RepeatPenalty = parsed.GetValue(_repeatPenalty) ?? s_sampling.RepeatPenalty,
        Seed = parsed.GetValue(_seed) ?? surroundings.NewSeed(),
    };

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
