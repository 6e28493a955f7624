using System.CommandLine;
using Neuralink.Cli.Terminal;
using Neuralink.Models.Synthetic;
using Neuralink.Storage;

namespace Neuralink.Cli.Synthetic;

/// <summary>`neuralink synth-trace`: an activation trace as a model of a published shape might leave it, without the model.</summary>
internal static class SynthTraceCommand
{
    public static string[] Examples { get; } =
    [
        "neuralink synth-trace opt-6.7b -o train.trace",
        "neuralink synth-trace opt-6.7b -o same-domain.trace --text 1",
        "neuralink synth-trace opt-6.7b -o other-domain.trace --domain 1",
    ];

    public static Command Create(Surroundings surroundings)
    {
        Argument<SyntheticShape?> shape = SyntheticOptions.Shape();
        Option<string> output = new("--output", "-o")
        {
            HelpName = "TRACE",
            Description = "The trace to write, a safetensors file",
            Required = true,
        };
        Option<int?> tokens = TypedOption.Of<int>(
            ["--tokens", "-n"], "N", $"Tokens of the text [default: {SyntheticTraceOptions.DefaultTokenCount}]", "an integer of 1 or more",
            ValueReaders.PositiveInteger);
        Option<int?> layers = SyntheticOptions.Layers();
        Option<ulong?> seed = SyntheticOptions.Seed();
        Option<int?> domain = Number("--domain", "What the text is about; the published share is that of domain 0 [default: 0]");
        Option<int?> text = Number("--text", "Which text of the domain: train on one, test on another [default: 0]");
        Option<bool> force = CommonOptions.Force("Replace a trace that is there already");
        Command command = new(
            "synth-trace",
            "Write the activation trace that a model of a published shape might leave, without the model: for judging placement methods at "
            + "real size. It has the published statistics, and no text behind it.")
        {
            shape, output, tokens, layers, seed, domain, text, force,
        };
        command.SetAction((parsed, cancellation) =>
        {
            SyntheticTraceOptions options = new(
                parsed.GetValue(tokens) ?? SyntheticTraceOptions.DefaultTokenCount, parsed.GetValue(seed) ?? SyntheticOptions.DefaultSeed,
                parsed.GetValue(domain) ?? 0, parsed.GetValue(text) ?? 0, parsed.GetValue(force));
            return Task.FromResult(Run(
                SyntheticOptions.WithLayers(parsed.GetRequiredValue(shape)!, parsed.GetValue(layers)), parsed.GetRequiredValue(output),
                options, surroundings, cancellation));
        });
        return command;
    }

    private static Option<int?> Number(string name, string description) => TypedOption.Of<int>(
        [name], "K", description, $"an integer of 0 to {SyntheticTraceOptions.DomainMax}",
        static (string text, out int value) =>
            ValueReaders.Integer(text, out value) && value is >= 0 and <= SyntheticTraceOptions.DomainMax);

    private static int Run(
        SyntheticShape shape, string path, SyntheticTraceOptions options, Surroundings surroundings, CancellationToken cancellation)
    {
        long start = surroundings.Time.GetTimestamp();
        IReadOnlyList<SyntheticStatistics> layers = [];
        ProgressDisplay.Run(surroundings, "writing", share => layers = SyntheticTrace.Write(shape, path, options, share, cancellation));
        TimeSpan time = surroundings.Time.GetElapsedTime(start);
        surroundings.Out.WriteLine(
            $"wrote {path}: {ByteSize.Format(new FileInfo(path).Length)} in {time.TotalSeconds:0.#} s; {options.TokenCount} synthetic "
            + $"tokens, {shape.Config.LayerCount} layers of {shape.Config.FfnSize} neurons as in {shape.Description}; no text is behind "
            + "them");
        SyntheticTable.Write(shape, layers, Screen.OnOut(surroundings));
        return ExitCode.Success;
    }
}
