using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Neuralink.Cli.Calibration;
using Neuralink.Cli.Chat;
using Neuralink.Cli.Checkup;
using Neuralink.Cli.Devices;
using Neuralink.Cli.Generate;
using Neuralink.Cli.Images;
using Neuralink.Cli.Measuring;
using Neuralink.Cli.Models;
using Neuralink.Cli.Placements;
using Neuralink.Cli.Planning;
using Neuralink.Cli.Quality;
using Neuralink.Cli.Serving;
using Neuralink.Cli.Studying;
using Neuralink.Cli.Synthetic;
using Neuralink.Cli.Terminal;
using Neuralink.Cli.Tokens;
using Neuralink.Cli.Traces;
using Neuralink.Cli.Training;
using Neuralink.Storage;

namespace Neuralink.Cli;

/// <summary>The `neuralink` command: its subcommands, and what happens to whatever they throw.</summary>
internal static class NeuralinkCommand
{
    private const string Name = "neuralink", VerboseName = "--verbose";

    /// <summary>Runs the command.</summary>
    /// <param name="args">Its arguments, without the program's name.</param>
    /// <param name="surroundings">Streams, environment, clock.</param>
    /// <param name="cancellation">Ends it in an orderly way.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Surroundings surroundings, CancellationToken cancellation)
    {
        // A prompt may begin with @, which would otherwise name a file of arguments.
        ParseResult parsed = Create(surroundings).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        string path = PathOf(parsed.CommandResult);
        try
        {
            if (!surroundings.IsOutOpen)
            {
                throw new NeuralinkException(
                    "write to standard output", "an open one", "it is closed",
                    "redirect it to a file, or to /dev/null if nobody wants the result");
            }
            CommandLineBytes.ExpectUtf8(args, surroundings.CommandLine);
            if (parsed.Action is ParseErrorAction)
                throw new UsageException(Describe(parsed));
            if (NameOfEmptyValue(parsed.CommandResult) is { } name)
                throw new UsageException($"{name}: expected a text, found an empty one");
            InvocationConfiguration configuration = new()
            {
                Output = surroundings.Out,
                Error = surroundings.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            int code = await parsed.InvokeAsync(configuration, cancellation);
            await surroundings.Out.FlushAsync(CancellationToken.None);
            return code;
        }
        catch (Exception error)
        {
            return ErrorReport.Write(error, path, surroundings, args.Contains(VerboseName, StringComparer.Ordinal));
        }
    }

    private static RootCommand Create(Surroundings surroundings)
    {
        RootCommand root = new("Runs language models whose feed-forward neurons lie on flash, in less memory than the model needs.");
        Command trace = new TraceCommand().Create(surroundings), placement = PlacementCommand.Create(surroundings);
        Dictionary<Command, string[]> examples = new()
        {
            [new GenerateCommand().Create(surroundings)] = GenerateCommand.Examples,
            [new ChatCommand().Create(surroundings)] = ChatCommand.Examples,
            [new ServeCommand().Create(surroundings)] = ServeCommand.Examples,
            [new PlanCommand().Create(surroundings)] = PlanCommand.Examples,
            [PullCommand.Create(surroundings)] = PullCommand.Examples,
            [PackCommand.Create(surroundings)] = PackCommand.Examples,
            [ExportCommand.Create(surroundings)] = ExportCommand.Examples,
            [trace] = TraceCommand.Examples,
            [new TrainPredictorCommand().Create(surroundings)] = TrainPredictorCommand.Examples,
            [new CalibrateCommand().Create(surroundings)] = CalibrateCommand.Examples,
            [new PerplexityCommand().Create(surroundings)] = PerplexityCommand.Examples,
            [PlaceCommand.Create(surroundings)] = PlaceCommand.Examples,
            [placement] = PlacementCommand.Examples,
            [InspectCommand.Create(surroundings)] = InspectCommand.Examples,
            [VerifyCommand.Create(surroundings)] = VerifyCommand.Examples,
            [TokenizeCommand.Create(surroundings)] = TokenizeCommand.Examples,
            [DetokenizeCommand.Create(surroundings)] = DetokenizeCommand.Examples,
            [new BenchCommand().Create(surroundings)] = BenchCommand.Examples,
            [DoctorCommand.Create(surroundings)] = DoctorCommand.Examples,
            [ProbeCommand.Create(surroundings)] = ProbeCommand.Examples,
            [StudyCommand.Create(surroundings)] = StudyCommand.Examples,
            [SynthCommand.Create(surroundings)] = SynthCommand.Examples,
            [SynthTraceCommand.Create(surroundings)] = SynthTraceCommand.Examples,
        };
        foreach (Command command in examples.Keys)
            root.Subcommands.Add(command);
        root.Options.Add(new Option<bool>(VerboseName) { Description = "Show the stack trace of an error", Recursive = true });
        examples.Add(root, [GenerateCommand.Examples[0], PackCommand.Examples[0]]);
        examples.Add(trace.Subcommands.Single(), TraceShowCommand.Examples);
        examples.Add(placement.Subcommands.Single(), CompareCommand.Examples);
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        HelpWithExamples action = new((HelpAction)help.Action!, examples);
        help.Action = action;
        root.Options.OfType<VersionOption>().Single().Action = new VersionAction();
        root.SetAction(action.Invoke);
        return root;
    }

    /// <summary>The command as its help is asked for.</summary>
    private static string PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}" : Name;

    private static string Describe(ParseResult parsed)
    {
        string message = parsed.Errors[0].Message.TrimEnd('.');
        return message.StartsWith("--", StringComparison.Ordinal) ? message : char.ToLowerInvariant(message[0]) + message[1..];
    }

    /// <summary>
    /// The first option or argument with an empty value, as an unset variable of a script leaves it; a prompt may be told so with more
    /// words.
    /// </summary>
    private static string? NameOfEmptyValue(CommandResult command) => command.Children
        .Where(child => child.Tokens.Any(token => token.Value.Length == 0))
        .Select(child => child is OptionResult option ? option.Option.Name : ((ArgumentResult)child).Argument.Name)
        .FirstOrDefault(name => name != GenerateCommand.PromptName);

    private sealed class VersionAction : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(
                $"{Name} {typeof(NeuralinkCommand).Assembly.GetName().Version?.ToString(3)}");
            return ExitCode.Success;
        }
    }
}
