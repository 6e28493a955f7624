using System.CommandLine;
using Neuralink.Cli.Terminal;
using Neuralink.Placement.Ordering;

namespace Neuralink.Cli.Placements;

/// <summary>`neuralink place`: an image's neurons into another order.</summary>
internal static class PlaceCommand
{
    public static string[] Examples { get; } =
    [
        "neuralink place tiny-stories.nlk --method best --trace tiny-stories.trace -o placed.nlk",
        "neuralink place tiny-stories.nlk --method identity",
    ];

    public static Command Create(Surroundings surroundings)
    {
        Argument<string> image = new("IMG") { Description = "A flash image" };
        Option<string?> trace = TypedOption.Text(
            ["--trace"], "TRACE",
            "Which neurons fire, by 'neuralink trace'; identity and random need none, and have it only to measure with");
        Option<PlacementMethod?> method = TypedOption.OneOf<PlacementMethod>(
            "--method",
            "The order: the model's own, a shuffle, those that fire most first, the paper's links, or these rearranged for cheaper reads",
            [.. PlaceCommandSettings.Methods]);
        method.Required = true;
        Option<string?> profile = TypedOption.Text(
            ["--profile"], "DEVICE.json", "What reads cost on the device the image is for [default: 20 us a read and 1000 MB/s]");
        Option<int?> seed = PlaceCommandSettings.SeedOption("a method that chooses");
        Option<int?> effort = PlaceCommandSettings.EffortOption();
        Option<string?> output = TypedOption.Text(
            ["--output", "-o"], "IMG2", "The image to write [default: IMG itself, replaced when the new one is complete]");
        Option<bool> force = CommonOptions.Force("Replace an image that IMG2 is already");
        Option<long?> memory = PlaceCommandSettings.MemoryOption();
        Command command = new(
            "place",
            "Order an image's neurons on flash so that those which fire together are read together. What the model generates stays the "
            + "same.")
        {
            image, trace, method, profile, seed, effort, output, force, memory,
        };
        command.SetAction((parsed, cancellation) =>
        {
            PlaceCommandSettings settings = new()
            {
                Image = parsed.GetRequiredValue(image),
                TracePath = parsed.GetValue(trace),
                Method = parsed.GetValue(method)!.Value,
                ProfilePath = parsed.GetValue(profile),
                Seed = parsed.GetValue(seed) ?? PlaceCommandSettings.Defaults.Seed,
                Effort = parsed.GetValue(effort) ?? PlaceCommandSettings.Defaults.StepsPerNeuron,
                Output = parsed.GetValue(output),
                Force = parsed.GetValue(force),
                MemoryBytesMax = parsed.GetValue(memory) ?? PlaceCommandSettings.Defaults.MemoryBytesMax,
            };
            settings.Validate();
            return Task.FromResult(new PlaceCommandRun(settings, surroundings).Run(cancellation));
        });
        return command;
    }
}
