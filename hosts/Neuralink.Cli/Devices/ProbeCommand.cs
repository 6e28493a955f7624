using System.CommandLine;
using Neuralink.Cli.Terminal;
using Neuralink.Storage;
using Neuralink.Storage.Profiles;

namespace Neuralink.Cli.Devices;

/// <summary>What the command line of `probe` says.</summary>
/// <param name="Path">What lies on the device to measure, or null for the cache folder.</param>
/// <param name="Output">Where the profile goes, or null for the cache folder.</param>
/// <param name="Options">How long and how much.</param>
/// <param name="Json">Whether to print JSON.</param>
internal sealed record ProbeSettings(string? Path, string? Output, ProbeOptions Options, bool Json);

/// <summary>`neuralink probe`: what reads cost the flash device, and how to read from it.</summary>
internal static class ProbeCommand
{
    private static readonly TimeSpan s_defaultTime = TimeSpan.FromSeconds(20), s_timeMax = TimeSpan.FromHours(1);

    public static string[] Examples { get; } =
    [
        "neuralink probe",
        "neuralink probe opt-6.7b.nlk --time 60s",
        "neuralink probe /mnt/ssd -o ssd.json --json | jq .queue_depth",
    ];

    public static Command Create(Surroundings surroundings)
    {
        Argument<string?> path = new("PATH")
        {
            Description =
                $"What to read: a flash image or another file, itself if it is of {ByteSize.Format(DeviceProbe.OwnFileBytesMin)} or more "
                + "(a drive or a virtual machine's host may have a smaller one in its cache), else a temporary file beside it; or a "
                + "folder for a temporary file. A temporary file is fresh, and a host may still have it in memory: where that may be, "
                + "name a large image that has lain for a while [default: the cache folder]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> output = TypedOption.Text(
            ["--output", "-o"], "DEVICE.json",
            "Where to save the profile, for --profile of other commands [default: the cache folder, where generate finds it for images "
            + "on that volume]");
        Option<TimeSpan?> time = TypedOption.Of<TimeSpan>(
            ["--time"], "TIME", $"How long to measure, 100ms to {s_timeMax.TotalHours}h [default: {s_defaultTime.TotalSeconds}s]",
            "a time of 100ms to 1h such as 20s", ReadTime);
        Option<long?> size = TypedOption.Of<long>(
            ["--size"], "BYTES",
            $"Write and read a temporary file of this size, whatever PATH is: {ByteSize.Format(DeviceProbe.FileBytesMin)} or more; "
            + $"shorter if the time does not suffice [default: {ByteSize.Format(DeviceProbe.DefaultFileBytes)}, or a tenth of the free "
            + "space where that is less]",
            $"{ByteSize.Format(DeviceProbe.FileBytesMin)} or more, such as 256MiB",
            static (string text, out long value) => ValueReaders.Bytes(text, out value) && value >= DeviceProbe.FileBytesMin);
        Option<bool> json = CommonOptions.Json("tables");
        Command command = new(
            "probe",
            "Measure what reads cost the flash device, and save it as a profile: how many reads to keep in flight, how wide a gap to read "
            + "through.")
        {
            path, output, time, size, json,
        };
        command.SetAction((parsed, cancellation) => Task.Run(
            () => new ProbeRun(
                new ProbeSettings(
                    parsed.GetValue(path), parsed.GetValue(output),
                    new ProbeOptions(parsed.GetValue(time) ?? s_defaultTime, parsed.GetValue(size)), parsed.GetValue(json)),
                surroundings).Run(cancellation),
            CancellationToken.None));
        return command;
    }

    private static bool ReadTime(string text, out TimeSpan value) =>
        ValueReaders.Duration(text, out value) && value.TotalMilliseconds >= 100 && value <= s_timeMax;
}
