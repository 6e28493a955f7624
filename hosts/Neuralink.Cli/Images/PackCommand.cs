using System.CommandLine;
using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Kernels;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Packing;
using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Images;

/// <summary>`neuralink pack`: a Hugging Face folder or a GGUF file into a flash image.</summary>
internal static class PackCommand
{
    public static string[] Examples { get; } =
    [
        "neuralink pack models/tiny-stories tiny-stories.nlk",
        "neuralink pack ./my-model my-model.nlk --weights f16 --force",
        "neuralink pack ./my-model my-model.nlk --resident q8_0 --bundles q4_0",
        "neuralink pack relu-llama.Q8_0.gguf relu-llama.nlk --activation relu",
    ];

    public static Command Create(Surroundings surroundings)
    {
        Argument<string> source = new("SRC")
        {
            Description = "A Hugging Face folder (config.json, weights, a tokenizer), a GGUF file, or hf:ORG/NAME",
        };
        Argument<string> destination = new("DST") { Description = "The image to write, a folder; by custom its name ends in .nlk" };
        FormatOptions formats = new();
        Option<Activation?> activation = CommonOptions.Activation();
        Option<bool> force = CommonOptions.Force("Replace an image that is there already");
        Command command = new("pack", "Turn a model into a flash image. The image appears whole or not at all.")
        {
            source, destination, activation, force,
        };
        foreach (Option option in formats.All)
            command.Add(option);
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(
            parsed.GetRequiredValue(source), parsed.GetRequiredValue(destination),
            new PackOptions(formats.Read(parsed), parsed.GetValue(force)), parsed.GetValue(activation), surroundings,
            cancellation)));
        return command;
    }

    private static int Run(
        string source, string destination, PackOptions options, Activation? activation, Surroundings surroundings,
        CancellationToken cancellation)
    {
        ImageDestination.Check(destination, options.Replace);
        long start = surroundings.Time.GetTimestamp();

        // Refuses what cannot be packed, and says what is ignored, before a progress bar is drawn.
        using Checkpoint checkpoint = Checkpoint.Open(
            ModelLocator.Resolve(source, surroundings, cancellation), surroundings.Note, activation);
        ProgressDisplay.Run(
            surroundings, "packing", share => ModelPacker.Pack(checkpoint, destination, options, new PackedShare(share), cancellation));
        TimeSpan time = surroundings.Time.GetElapsedTime(start);
        FlashImage image = FlashImage.Open(destination);
        ImageReport report = ImageReport.Of(image);
        surroundings.Out.WriteLine(
            $"packed {destination}: {ByteSize.Format(report.Files.Sum(f => f.Bytes))} in {time.TotalSeconds:0.#} s; "
            + $"{image.LayerCount} layers of {image.SlotCount} neurons, {image.StrideBytes} bytes each ({report.Weights}); "
            + $"{ByteSize.Format(report.BytesOnFlash)} stay on flash, {ByteSize.Format(report.BytesResident)} go to memory");
        return ExitCode.Success;
    }
}
