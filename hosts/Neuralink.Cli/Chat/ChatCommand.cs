using System.CommandLine;
using Neuralink.Cli.Generate;
using Neuralink.Cli.Terminal;

namespace Neuralink.Cli.Chat;

/// <summary>`neuralink chat`: its options.</summary>
internal sealed class ChatCommand
{
    private readonly EngineArguments _engine = new();
    private readonly SamplingArguments _sampling = new();
    private readonly Option<string?> _system = CommonOptions.System();
    private readonly Option<string?> _template = CommonOptions.ChatTemplate();

    private readonly Option<int?> _maxTokens = TypedOption.Of<int>(
        ["--max-tokens", "-n"], "N", $"The most tokens of an answer [default: {ContextFit.DefaultAnswerTokens}]",
        "an integer of 1 or more", ValueReaders.PositiveInteger);

    private readonly Option<int?> _context = TypedOption.Of<int>(
        ["--context"], "N",
        "Tokens that are remembered; the oldest turns are dropped beyond them "
        + $"[default: the model's, up to {ContextFit.DefaultConversationTokens}]",
        "an integer of 1 or more", ValueReaders.PositiveInteger);

    public static string[] Examples { get; } =
    [
        "neuralink chat -m ./my-chat-model",
        "neuralink chat -m hf:openbmb/MiniCPM-S-1B-sft-llama-format --memory 1GiB --system \"You answer in one sentence.\"",
        "printf 'Who wrote Faust?\\nWhen?\\n' | neuralink chat -m ./my-chat-model --temperature 0",
    ];

    public Command Create(Surroundings surroundings)
    {
        Command command = new(
            "chat",
            "Talk with a model that was trained for it, by its own chat template. In a terminal, lines are edited and earlier ones come "
            + "with the arrows, Ctrl-C stops an answer, and /help lists what can be done beside talking. Otherwise each line of standard "
            + "input is a message. What the model knows of the conversation stays in memory between turns.");
        foreach (Option option in (IEnumerable<Option>)[_system, _template, _context, _maxTokens, .. _sampling.All, .. _engine.All])
            command.Options.Add(option);
        command.SetAction((parsed, cancellation) => new ChatRun(Bind(parsed, surroundings), surroundings).RunAsync(cancellation));
        return command;
    }

    private ChatRunSettings Bind(ParseResult parsed, Surroundings surroundings) => new()
    {
        Model = _engine.Bind(parsed),
        Chat = new ChatSettings(parsed.GetValue(_system), parsed.GetValue(_template)),
        Sampling = _sampling.Bind(parsed, surroundings),
        ContextTokens = parsed.GetValue(_context),
        AnswerTokensMax = parsed.GetValue(_maxTokens) ?? ContextFit.DefaultAnswerTokens,
    };
}
