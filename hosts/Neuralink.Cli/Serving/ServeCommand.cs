using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.Extensions.Options;
using Neuralink.Cli.Generate;
using Neuralink.Cli.Terminal;
using Neuralink.Server;
using Neuralink.Server.Options;

namespace Neuralink.Cli.Serving;

/// <summary>`neuralink serve`: the server of neuralink-server, with the engine options that `generate` has.</summary>
internal sealed class ServeCommand
{
    private readonly EngineArguments _engine = new();
    private readonly Option<string?> _template = CommonOptions.ChatTemplate();

    private readonly Option<string?> _context = TypedOption.Text(
        ["--context"], "TOKENS",
        $"Positions of a text, prompt and answer together [default: the model's, up to {ContextFit.DefaultConversationTokens}]");

    private readonly Option<string?> _sequences = TypedOption.Text(
        ["--sequences"], "N", "Texts that run at once, and share what is read [default: as docs/server.md says]");

    private readonly Option<string?> _waiting = TypedOption.Text(
        ["--waiting"], "N", "Texts that may wait for a place; more are told to come later [default: 64]");

    private readonly Option<string?> _kvTokens = TypedOption.Text(
        ["--kv-tokens"], "TOKENS", "Positions that all texts have together [default: what some texts of full length need]");

    private readonly List<Option> _server = [.. ServerArgument.OfServer.Concat(ServerArgument.OfCluster).Select(ToOption)];

    public static string[] Examples { get; } =
    [
        "neuralink serve",
        "neuralink serve --model ./my-model --port 8081 --memory 2GiB",
        "neuralink serve --model ./my-model --host 0.0.0.0 --api-key-file keys.txt",
        "neuralink serve --cluster-host 10.0.0.1 --cluster-seed 10.0.0.1:8110 --cluster-seed 10.0.0.2:8110",
    ];

    public Command Create(Surroundings surroundings)
    {
        Command command = new(
            "serve",
            "Serve a model to OpenAI's and Ollama's clients over HTTP, until the command is ended. Standard error has what happens.");
        foreach (Option option in (IEnumerable<Option>)
            [.. _engine.All, _template, _context, _sequences, _waiting, _kvTokens, .. _server])
        {
            command.Options.Add(option);
        }
        command.SetAction((parsed, cancellation) => RunAsync(parsed, surroundings, cancellation));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, Surroundings surroundings, CancellationToken cancellation)
    {
        _engine.Bind(parsed);       // for its own words on what is out of its range
        try
        {
            await ServerHost.RunAsync(Settings(parsed, surroundings, cancellation), cancellation);
            return ExitCode.Success;
        }
        catch (OptionsValidationException error)
        {
            throw new UsageException(string.Join("; ", error.Failures), error);
        }
    }

    /// <summary>The configuration that the command line stands for: each option's value as it was typed, under its key.</summary>
    private List<KeyValuePair<string, string?>> Settings(ParseResult parsed, Surroundings surroundings, CancellationToken cancellation)
    {
        Dictionary<string, ServerArgument> arguments =
            ServerArgument.OfServer.Concat(ServerArgument.OfCluster).Concat(ServerArgument.OfEngine)
                .ToDictionary(argument => argument.Name, StringComparer.Ordinal);
        List<KeyValuePair<string, string?>> settings = [];
        foreach (OptionResult given in parsed.CommandResult.Children.OfType<OptionResult>().Where(option => !option.Implicit))
        {
            if (!arguments.TryGetValue(given.Option.Name, out ServerArgument? argument))
                continue;
            string[] values = [.. given.Tokens.Select(token => token.Value)];
            if (argument.IsFlag)
                values = ["true"];
            settings.AddRange(values.Select((value, i) => new KeyValuePair<string, string?>(argument.KeyOf(i), value)));
        }
        if (settings.All(setting => setting.Key != ServerArgument.ModelKey))
        {
            EngineSettings engine = _engine.Bind(parsed);
            settings.Add(new(ServerArgument.ModelKey, engine.FolderOf(surroundings, cancellation)));
        }
        return settings;
    }

    private static Option ToOption(ServerArgument argument) => argument switch
    {
        { IsFlag: true } => new Option<bool>(argument.Name) { Description = argument.Description },
        { IsList: true } => new Option<string[]>(argument.Name)
        {
            Description = argument.Description,
            HelpName = argument.ValueName,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
        },
        _ => TypedOption.Text([argument.Name], argument.ValueName, argument.Description ?? ""),
    };
}
