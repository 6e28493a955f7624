using System.CommandLine;
using Neuralink.Cli.Terminal;
using Neuralink.Kernels;
using Neuralink.Models.Tracing;

namespace Neuralink.Cli.Traces;

/// <summary>`neuralink trace`: which neurons of a model fire on given texts, into a file.</summary>
internal sealed class TraceCommand
{
    private readonly Argument<string?> _model = CommonOptions.Model();

    private readonly Option<string[]> _texts = CommonOptions.Texts("Text files to trace, one or several");

    private readonly Option<string> _output = new("--output", "-o")
    {
        HelpName = "TRACE",
        Description = "The trace to write, a safetensors file; TRACE.partial until it is complete",
        Required = true,
    };

    private readonly Option<int?> _tokens = CommonOptions.TokensOfText();

    private readonly Option<int?> _skip = TypedOption.Of<int>(
        ["--skip-tokens"], "N",
        "Tokens to leave out at the beginning of each text, so that other tokens can be tested on [default: 0]", "an integer of 0 or more",
        static (string text, out int value) => ValueReaders.Integer(text, out value) && value >= 0);

    private readonly Option<int?> _window = TypedOption.Of<int>(
        ["--window"], "N",
        $"Texts are cut into windows of this many tokens, each traced from position 0 [default: {TraceSettings.DefaultWindowTokens}, or "
        + "the model's context]", "an integer of 1 or more", ValueReaders.PositiveInteger);

    private readonly Option<int?> _threads = CommonOptions.Threads("trace does");

    private readonly Option<long?> _memory = CommonOptions.Memory(
        $"Budget for native memory, e.g. 2GiB; the trace does not depend on it [default: what {ActivationTracePlan.BatchTokensMax} tokens "
        + "at a time need]", "2GiB");

    private readonly Option<Activation?> _activation = CommonOptions.Activation();
    private readonly Option<WeightFormat?> _weights = CommonOptions.Weights();

    private readonly Option<bool> _inputs = new("--inputs")
    {
        Description = "Record each layer's FFN input too, 2 bytes a value: what 'neuralink train-predictor' needs",
    };

    private readonly Option<bool> _force =
        CommonOptions.Force("Replace a trace that is there already, and discard an unfinished one of something else");

    public static string[] Examples { get; } =
    [
        "neuralink trace --text stories.txt -o stories.trace --tokens 8192",
        "neuralink trace ./my-model --text stories.txt recipes.txt -o train.trace --memory 8GiB",
        "neuralink trace --text stories.txt -o inputs.trace --tokens 40960 --inputs",
        "neuralink trace show stories.trace",
    ];

    public Command Create(Surroundings surroundings)
    {
        Command command = new(
            "trace",
            "Run texts through a model and record which feed-forward neurons fire at which token. Ctrl-C stops; the same command goes on "
            + "where it stopped.")
        {
            _model, _texts, _output, _tokens, _skip, _window, _threads, _memory, _weights, _activation, _inputs, _force,
        };
        command.Subcommands.Add(TraceShowCommand.Create(surroundings));
        command.SetAction((parsed, cancellation) => new TraceRun(Bind(parsed), surroundings).RunAsync(cancellation));
        return command;
    }

    private TraceSettings Bind(ParseResult parsed)
    {
        EngineOptions engine = new()
        {
            Threads = parsed.GetValue(_threads) ?? new EngineOptions().Threads,
            MemoryBytes = parsed.GetValue(_memory),
        };
        CommonOptions.Check(engine.Validate);
        return new TraceSettings
        {
            Model = parsed.GetValue(_model),
            Texts = parsed.GetRequiredValue(_texts),
            Output = parsed.GetRequiredValue(_output),
            TokensMax = parsed.GetValue(_tokens),
            SkipTokens = parsed.GetValue(_skip) ?? 0,
            WindowTokens = parsed.GetValue(_window),
            Threads = engine.Threads,
            MemoryBytes = engine.MemoryBytes,
            Reading = new ModelReading(parsed.GetValue(_weights), parsed.GetValue(_activation)),
            Inputs = parsed.GetValue(_inputs),
            Force = parsed.GetValue(_force),
        };
    }
}
