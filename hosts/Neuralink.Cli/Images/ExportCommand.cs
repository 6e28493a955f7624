using System.CommandLine;
using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Kernels;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Export;
using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Images;

/// <summary>`neuralink export`: a model into a GGUF file that llama.cpp runs.</summary>
internal static class ExportCommand
{
    public static string[] Examples { get; } =
    [
        "neuralink export models/tiny-stories -o tiny-stories.gguf",
        "neuralink export my-model.nlk -o my-model.gguf --weights bf16 --force",
        "neuralink export ./my-model -o my-model.Q4_0.gguf --weights q4_0",
    ];

    public static Command Create(Surroundings surroundings)
    {
        Argument<string?> model = CommonOptions.Model(description: "A flash image, a Hugging Face folder, a GGUF file or hf:ORG/NAME");
        Option<string?> output = TypedOption.Text(["--output", "-o"], "FILE", "The file to write; by custom its name ends in .gguf");
        output.Required = true;
        Option<WeightFormat?> weights = CommonOptions.Weights("The format of every matrix in the file");
        Option<Activation?> activation = CommonOptions.Activation();
        Option<bool> force = CommonOptions.Force("Replace a file that is there already");
        Command command = new(
            "export",
            "Write a model as a GGUF file, which llama.cpp runs with the same result. What it cannot run is refused. It appears whole "
            + "or not at all.")
        {
            model, output, weights, activation, force,
        };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(
            ModelLocator.Resolve(parsed.GetValue(model), surroundings, cancellation), parsed.GetRequiredValue(output)!,
            new ModelReading(parsed.GetValue(weights), parsed.GetValue(activation)), parsed.GetValue(force), surroundings, cancellation)));
        return command;
    }

    private static int Run(
        string model, string path, ModelReading reading, bool replaces, Surroundings surroundings, CancellationToken cancellation)
    {
        AtomicFile.CheckName(path, replaces);
        if (FlashImage.IsImage(model))
            ModelLocator.RefuseForImage(model, reading with { Weights = null });
        long start = surroundings.Time.GetTimestamp();
        using Checkpoint source = FlashImage.IsImage(model)
            ? Checkpoint.OfImage(model)
            : Checkpoint.Open(model, surroundings.Note, reading.Activation);
        string name = ModelStore.NameOf(model), architecture = "";
        ProgressDisplay.Run(
            surroundings, "exporting",
            share => architecture = GgufExporter.Write(
                source, path, name, reading.Weights, replaces, surroundings.Note, share, cancellation));
        surroundings.Out.WriteLine(
            $"exported {path}: {ByteSize.Format(new FileInfo(path).Length)} in "
            + $"{surroundings.Time.GetElapsedTime(start).TotalSeconds:0.#} s, of the architecture {architecture}");
        return ExitCode.Success;
    }
}
