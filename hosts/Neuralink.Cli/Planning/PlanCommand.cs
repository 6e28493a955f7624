using System.CommandLine;
using Neuralink.Cli.Terminal;
using Neuralink.Kernels;

namespace Neuralink.Cli.Planning;

/// <summary>`neuralink plan`: what generating will take, before anything is loaded.</summary>
internal sealed class PlanCommand
{
    private static readonly EngineOptions s_engine = new();

    private readonly Argument<string?> _model = CommonOptions.Model(
        "MODEL|IMG",
        "A flash image, or a Hugging Face folder or hf:ORG/NAME, which is planned for as it would be packed, from its configuration alone");

    private readonly Option<long?> _memory = CommonOptions.Memory(
        "Budget for all of the engine's native memory, e.g. 1GiB [default: what the other options need]", "64MiB");

    private readonly Option<CacheSize?> _cache = CommonOptions.Cache("FFN neurons kept in DRAM: a share or bytes, as of generate");

    private readonly Option<int?> _threads = CommonOptions.Threads(what: null);

    private readonly Option<int?> _context = TypedOption.Of<int>(
        ["--context"], "N",
        $"Tokens of prompt and generated text together [default: {PlanSettings.DefaultContextTokens}, or the model's context where that "
        + "is shorter]",
        "an integer of 1 or more", ValueReaders.PositiveInteger);

    private readonly Option<ExecutionStrategy?> _strategy =
        CommonOptions.Strategy("How reading and computing share the time, as of generate [default: what suits the model]");

    private readonly Option<PredictorOptions?> _predictor =
        CommonOptions.Predictor("--predictor", "Who says which neurons fire, as of generate [default: exact]");

    private readonly Option<PredictorOptions?> _lookahead = CommonOptions.Predictor(
        "--lookahead", "Who says which neurons later layers will want [default: a trained one if the image has it, otherwise a sketch]");

    private readonly Option<int?> _ahead = CommonOptions.LayersAhead();

    private readonly Option<string?> _profile = TypedOption.Text(
        ["--profile"], "DEVICE.json",
        "What reads cost, by 'neuralink probe'; none uses no profile [default: the one saved for the image's volume]");

    private readonly Option<string?> _trace = TypedOption.Text(
        ["--trace"], "TRACE",
        "An activation trace of the model, by 'neuralink trace' [default: the sample that 'neuralink place' keeps in an image, or else "
        + "assumptions]");

    private readonly Option<Activation?> _activation = CommonOptions.Activation();
    private readonly Option<WeightFormat?> _weights =
        CommonOptions.Weights("The format that a model which is not packed yet would be packed in");

    private readonly Option<bool> _json = CommonOptions.Json();

    public static string[] Examples { get; } =
    [
        "neuralink plan llama.nlk --memory 1GiB",
        "neuralink plan ./my-model --memory 8GiB --strategy serial",
        "neuralink plan llama.nlk --memory 1GiB --trace texts.trace --profile phone.json --json | jq '.columns[1].tokens_per_second'",
    ];

    public Command Create(Surroundings surroundings)
    {
        Command command = new(
            "plan",
            "Say what fits into a memory and how fast a model will generate, before anything of it is loaded, and the same for half and "
            + "double the memory.")
        {
            _model, _memory, _cache, _threads, _context, _strategy, _predictor, _lookahead, _ahead, _profile, _trace, _weights, _activation,
            _json,
        };
        command.SetAction((parsed, cancellation) => Task.FromResult(new PlanRun(Bind(parsed), surroundings).Run(cancellation)));
        return command;
    }

    private PlanSettings Bind(ParseResult parsed)
    {
        PlanSettings settings = new()
        {
            Model = parsed.GetValue(_model),
            ContextTokens = parsed.GetValue(_context),
            Strategy = parsed.GetValue(_strategy),
            Profile = parsed.GetValue(_profile),
            Trace = parsed.GetValue(_trace),
            Reading = new ModelReading(parsed.GetValue(_weights), parsed.GetValue(_activation)),
            Json = parsed.GetValue(_json),
            Engine = new EngineOptions
            {
                MemoryBytes = parsed.GetValue(_memory),
                Cache = parsed.GetValue(_cache),
                Threads = parsed.GetValue(_threads) ?? s_engine.Threads,
                Predictor = parsed.GetValue(_predictor) ?? s_engine.Predictor,
                Lookahead = parsed.GetValue(_lookahead) ?? s_engine.Lookahead,
                LookaheadLayers = parsed.GetValue(_ahead) ?? s_engine.LookaheadLayers,
            },
        };
        CommonOptions.Check(settings.Engine.Validate);
        return settings;
    }
}
