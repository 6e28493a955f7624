using System.CommandLine;
using Neuralink.Cli.Chat;
using Neuralink.Cli.Terminal;

namespace Neuralink.Cli.Generate;

/// <summary>`neuralink generate`: its options, and what they mean to the engine. Defaults are the engine's own.</summary>
internal sealed class GenerateCommand
{
    public const string PromptName = "--prompt";

    private readonly EngineArguments _engine = new();
    private readonly SamplingArguments _sampling = new();

    private readonly Option<string?> _prompt = TypedOption.Text(
        [PromptName, "-p"], "TEXT", "The text to continue; - reads it from standard input");

    private readonly Option<string?> _file = TypedOption.Text(
        ["--file", "-f"], "FILE", "A file with the text to continue; - is standard input. One line end at its end is dropped");

    private readonly Option<int?> _maxTokens = TypedOption.Of<int>(
        ["--max-tokens", "-n"], "N",
        $"The most tokens to generate; more than the model's context has room for is an error "
        + $"[default: {ContextFit.DefaultMaxTokens}, or fewer where the context ends]",
        "an integer of 1 or more", ValueReaders.PositiveInteger);

    private readonly Option<bool> _chat = new("--chat")
    {
        Description = "The text is a message: the model answers it, by its chat template. 'neuralink chat' is a whole conversation",
    };

    private readonly Option<string?> _system = CommonOptions.System();
    private readonly Option<string?> _template = CommonOptions.ChatTemplate();

    private readonly Option<string[]> _stop = new("--stop")
    {
        HelpName = "TEXT",
        Description = "End before this text; may be given several times",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<bool> _ignoreEnd = new("--ignore-eos") { Description = "Go on past the model's end-of-text tokens" };

    private readonly Option<string?> _trace = TypedOption.Text(
        ["--trace"], "FILE", "Write what each actor did when, for ui.perfetto.dev or chrome://tracing");
    private readonly Option<bool> _json = CommonOptions.Json("the text as it comes: the text, and all that is known of the run");

    public static string[] Examples { get; } =
    [
        "neuralink generate --prompt \"Once upon a time\"",
        "neuralink generate -p \"Once upon a time\" -n 64 --temperature 0 --memory 24MiB",
        "neuralink generate --model ./my-model --file story.txt --cache 20% --trace trace.json",
        "neuralink generate --model ./my-chat-model --chat --prompt \"Why is the sky blue?\"",
        "echo \"Recipe: \" | neuralink generate -p - --json | jq .timings",
    ];

    public Command Create(Surroundings surroundings)
    {
        Command command = new(
            "generate",
            "Continue a text with a model whose feed-forward neurons are read from flash. The text goes to standard output, all else to "
            + "standard error.");
        foreach (Option option in (IEnumerable<Option>)
            [_prompt, _file, _chat, _system, _template, _maxTokens, .. _sampling.All, _stop, _ignoreEnd, .. _engine.All, _trace, _json])
        {
            command.Options.Add(option);
        }
        command.SetAction((parsed, cancellation) => new GenerateRun(Bind(parsed, surroundings), surroundings).RunAsync(cancellation));
        return command;
    }

    private GenerateSettings Bind(ParseResult parsed, Surroundings surroundings) => new()
    {
        Model = _engine.Bind(parsed),
        Prompt = new PromptSource(parsed.GetValue(_prompt), parsed.GetValue(_file)),
        Chat = BindChat(parsed),
        MaxTokens = parsed.GetValue(_maxTokens),
        Sampling = _sampling.Bind(parsed, surroundings),
        Stop = parsed.GetValue(_stop) ?? [],
        IgnoreEndTokens = parsed.GetValue(_ignoreEnd),
        TracePath = parsed.GetValue(_trace),
        Json = parsed.GetValue(_json),
    };

    private ChatSettings? BindChat(ParseResult parsed)
    {
        ChatSettings chat = new(parsed.GetValue(_system), parsed.GetValue(_template));
        if (parsed.GetValue(_chat))
            return chat;
        string? alone = chat.System is not null ? "--system" : chat.TemplateFile is not null ? "--chat-template" : null;
        return alone is null ? null : throw new UsageException($"{alone}: expected --chat beside it, found a text to continue");
    }
}
