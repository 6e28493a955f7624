using System.CommandLine;
using System.Text.Json;
using Neuralink.Cli.Terminal;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Images;

/// <summary>`neuralink inspect`: what an image holds, without reading its weights.</summary>
internal static class InspectCommand
{
    public static string[] Examples { get; } =
    [
        "neuralink inspect tiny-stories.nlk",
        "neuralink inspect tiny-stories.nlk --json | jq .bytes_on_flash",
    ];

    public static Command Create(Surroundings surroundings)
    {
        Argument<string> image = new("IMG") { Description = "A flash image" };
        Option<bool> json = CommonOptions.Json("tables");
        Command command = new(
            "inspect", "Show what a flash image holds: its model, its layers, what stays on flash and what goes to memory.")
        {
            image, json,
        };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(image), parsed.GetValue(json), surroundings));
        return command;
    }

    private static int Run(string folder, bool json, Surroundings surroundings)
    {
        ImageReport report = ImageReport.Of(FlashImage.Open(folder));
        if (json)
            surroundings.Out.WriteLine(JsonSerializer.Serialize(report, ImageReportJson.Default.ImageReport));
        else
            ImageTables.Write(report, Screen.OnOut(surroundings));
        return ExitCode.Success;
    }
}
