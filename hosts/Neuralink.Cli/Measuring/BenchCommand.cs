using System.CommandLine;
using Neuralink.Cli.Terminal;
using Neuralink.Kernels;
using Neuralink.Studies.Measuring;

namespace Neuralink.Cli.Measuring;

/// <summary>How results are printed.</summary>
internal enum BenchFormat
{
    Markdown,
    Csv,
    Json,
    JsonLines,
}

/// <summary>`neuralink bench`: how fast models run, in llama-bench's manner: every list is a dimension.</summary>
internal sealed class BenchCommand
{
    private const int DefaultTokens = 64, DefaultRepetitions = 5;

    private static readonly (string Word, BenchProtocol Value)[] s_protocols =
        [("cold", BenchProtocol.Cold), ("warm", BenchProtocol.Warm), ("rotating", BenchProtocol.Rotating)];

    private static readonly (string Word, BenchFormat Value)[] s_formats =
    [
        ("md", BenchFormat.Markdown), ("csv", BenchFormat.Csv), ("json", BenchFormat.Json), ("jsonl", BenchFormat.JsonLines),
    ];

    private readonly Option<IReadOnlyList<Choice<string>>?> _models = TypedOption.ListOf<string>(
        ["--model", "-m"], "MODEL", "Flash images, Hugging Face folders, hf:ORG/NAME or GGUF files [default: the bundled tiny-stories]",
        "a model", static (string text, out string value) => (value = text).Length > 0);

    private readonly Option<IReadOnlyList<Choice<int>>?> _prompts = Tokens(
        ["--n-prompt", "-p"], "Prompts of so many tokens are timed up to their first token, as pp64; 0 times none");

    private readonly Option<IReadOnlyList<Choice<int>>?> _texts = Tokens(
        ["--n-gen", "-n"], "Texts of so many tokens are timed, after a prompt of one, as tg64; 0 times none");

    private readonly Option<int?> _repetitions = TypedOption.Of<int>(
        ["--repetitions", "-r"], "N", $"Runs of each combination that count, after two that do not [default: {DefaultRepetitions}]",
        "an integer of 1 or more", ValueReaders.PositiveInteger);

    private readonly Option<IReadOnlyList<Choice<BenchProtocol>>?> _protocols = TypedOption.ListOf<BenchProtocol>(
        "--protocol",
        "What is in memory when a run begins. cold: nothing, the cache is emptied, and for buffered reads the page cache where the system "
        + "lets us; warm: what the same text left; rotating: what another text left [default: rotating]",
        s_protocols);

    private readonly Option<string?> _file = TypedOption.Text(
        ["--file", "-f"], "FILE", "A text that prompts are cut from [default: tokens drawn by chance, as llama-bench's]");

    private readonly Option<string?> _profile = TypedOption.Text(
        ["--profile"], "DEVICE.json", "As of generate [default: the one saved for the image's volume]");

    private readonly Option<WarmUpMode?> _warmUp = TypedOption.OneOf(
        "--warm-up", "As of generate [default: auto]", OptionWords.WarmUps);

    private readonly Option<BenchFormat?> _format = TypedOption.OneOf("--output", "How results are printed [default: md]", s_formats);

    private readonly Option<Activation?> _activation = CommonOptions.Activation();
    private readonly Option<WeightFormat?> _weights = CommonOptions.Weights();
    private readonly IReadOnlyList<BenchList> _lists = BenchList.OfEngine();

    public static string[] Examples { get; } =
    [
        "neuralink bench",
        "neuralink bench -m opt.nlk --strategy serial,cluster,prefetch+cluster --cache 2%,5%,10% -p 0 -n 64",
        "neuralink bench -m opt.nlk --io direct,buffered --protocol cold --memory 2GiB",
        "neuralink bench -m opt.nlk --sequences 1,4,8 -o json | jq '.[] | [.n_sequences, .avg_ts]'",
    ];

    public Command Create(Surroundings surroundings)
    {
        Command command = new(
            "bench",
            "Time prompts and texts, in llama-bench's manner. Values separated by commas make a dimension: all combinations are run, in "
            + "turns, so that what drifts hits all alike, and the first is run again at the end.");
        _format.Aliases.Add("-o");
        foreach (Option option in (IEnumerable<Option>)
            [_models, _prompts, _texts, _repetitions, _protocols, .. _lists.Select(l => l.Option), _profile, _warmUp, _file, _weights,
            _activation, _format])
        {
            command.Options.Add(option);
        }
        command.SetAction(async (parsed, cancellation) =>
        {
            BenchSetup setup = await BindAsync(parsed, surroundings, cancellation);
            return await new BenchRun(setup, parsed.GetValue(_format) ?? BenchFormat.Markdown, surroundings).RunAsync(cancellation);
        });
        return command;
    }

    private static Option<IReadOnlyList<Choice<int>>?> Tokens(ReadOnlySpan<string> names, string description) => TypedOption.ListOf<int>(
        names, "N", $"{description} [default: {DefaultTokens}]", "integers of 0 or more",
        static (string text, out int value) => ValueReaders.Integer(text, out value) && value >= 0);

    /// <exception cref="UsageException">A value is out of its range, or nothing is left to run.</exception>
    private async Task<BenchSetup> BindAsync(ParseResult parsed, Surroundings surroundings, CancellationToken cancellation)
    {
        BenchTest[] tests =
        [
            .. Positive(parsed.GetValue(_prompts)).Select(BenchTest.Prompt),
            .. Positive(parsed.GetValue(_texts)).Select(BenchTest.Generation),
        ];
        if (tests.Length == 0)
            throw new UsageException("-p and -n: expected a test, found 0 tokens for both");
        ModelReading reading = new(parsed.GetValue(_weights), parsed.GetValue(_activation));
        ModelSetup start = new()
        {
            Folder = "",      // each model's own
            Reading = reading,
            Profile = parsed.GetValue(_profile),
            Engine = new EngineOptions { WarmUp = parsed.GetValue(_warmUp) ?? WarmUpMode.Auto },
        };
        BenchDimension[] given = [.. _lists.Select(list => list.Bind(parsed)).OfType<BenchDimension>()];
        foreach (BenchVariant variant in BenchDimension.Combine(start, given))
            CommonOptions.Check(variant.Setup.Engine.Validate);
        BenchSource? source = parsed.GetValue(_file) is { } file
            ? new BenchSource(file, await Utf8Text.ReadFileAsync(file, $"read the text of prompts from {file}", cancellation))
            : null;
        BenchDimension models = BenchList.BindModels(_models, parsed, reading, surroundings, cancellation);
        return new BenchSetup
        {
            Variants = BenchDimension.Combine(start, given.Prepend(models)),
            Protocols = [.. parsed.GetValue(_protocols)?.Select(p => p.Value) ?? [BenchProtocol.Rotating]],
            Tests = tests,
            Repetitions = parsed.GetValue(_repetitions) ?? DefaultRepetitions,
            Source = source,
        };
    }

    private static IEnumerable<int> Positive(IReadOnlyList<Choice<int>>? given) =>
        given?.Select(n => n.Value).Where(n => n > 0) ?? [DefaultTokens];
}
