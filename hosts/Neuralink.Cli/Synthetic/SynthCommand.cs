using System.CommandLine;
using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Kernels;
using Neuralink.Models.Synthetic;
using Neuralink.Storage;

namespace Neuralink.Cli.Synthetic;

/// <summary>`neuralink synth`: a model of a published shape with random weights.</summary>
internal static class SynthCommand
{
    public static string[] Examples { get; } =
    [
        "neuralink synth opt-1.3b ./opt --layers 4",
        "neuralink generate --model ./opt --prompt \"Once upon a time\" --max-tokens 100",
    ];

    public static Command Create(Surroundings surroundings)
    {
        Argument<SyntheticShape?> shape = SyntheticOptions.Shape();
        Argument<string> destination = new("DST") { Description = "The folder to write, in Hugging Face's style" };
        Option<ulong?> seed = SyntheticOptions.Seed();
        Option<int?> layers = SyntheticOptions.Layers();
        Option<(ActivationKind Kind, float Threshold)?> activation = SyntheticOptions.Activation();
        Option<bool> force = CommonOptions.Force("Replace a synthetic model that is there already");
        Command command = new(
            "synth",
            "Write a model of a published shape with random weights, whose neurons fire as sparsely as the real one's, in clusters of "
            + "unequal popularity. The text it writes means nothing: it is for measuring I/O and compute.")
        {
            shape, destination, seed, layers, activation, force,
        };
        command.SetAction((parsed, cancellation) =>
        {
            string tokenizer = Path.Combine(BundledModel.Find(surroundings), "tokenizer.json");
            SyntheticModelOptions options = new(tokenizer, parsed.GetValue(seed) ?? SyntheticOptions.DefaultSeed, parsed.GetValue(force));
            SyntheticShape chosen = SyntheticOptions.WithLayers(parsed.GetRequiredValue(shape)!, parsed.GetValue(layers));
            if (parsed.GetValue(activation) is var (kind, threshold))
                chosen = chosen.WithActivation(kind, threshold);
            return Task.FromResult(Run(chosen, parsed.GetRequiredValue(destination), options, surroundings, cancellation));
        });
        return command;
    }

    private static int Run(
        SyntheticShape shape, string destination, SyntheticModelOptions options, Surroundings surroundings, CancellationToken cancellation)
    {
        long start = surroundings.Time.GetTimestamp();
        List<SyntheticStatistics> layers = [];
        ProgressDisplay.Run(
            surroundings, "writing", share => SyntheticModel.Write(shape, destination, options, layers.Add, share, cancellation));
        TimeSpan time = surroundings.Time.GetElapsedTime(start);
        surroundings.Out.WriteLine(
            $"wrote {destination}: {ByteSize.Format(SyntheticModel.BytesOf(shape.Config))} in {time.TotalSeconds:0.#} s; the shape of "
            + $"{shape.Description}, {shape.Config.LayerCount} layers of {shape.Config.FfnSize} neurons, {shape.StrideBytes} bytes each "
            + "on flash; its text means nothing: it is for I/O and compute");
        SyntheticTable.Write(shape, layers, Screen.OnOut(surroundings));
        return ExitCode.Success;
    }
}
