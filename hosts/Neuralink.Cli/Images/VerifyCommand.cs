using System.CommandLine;
using Neuralink.Cli.Terminal;
using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Images;

/// <summary>`neuralink verify`: every digest and every bundle's CRC.</summary>
internal static class VerifyCommand
{
    public static string[] Examples { get; } = ["neuralink verify tiny-stories.nlk"];

    public static Command Create(Surroundings surroundings)
    {
        Argument<string> image = new("IMG") { Description = "A flash image" };
        Command command = new(
            "verify",
            "Read a whole flash image and check every file's digest and every neuron's checksum; the first damage is named.") { image };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed.GetRequiredValue(image), surroundings, cancellation)));
        return command;
    }

    private static int Run(string folder, Surroundings surroundings, CancellationToken cancellation)
    {
        FlashImage image = FlashImage.Open(folder);
        long totalBytes = ImageVerifier.TotalBytes(image);
        ProgressDisplay.Run(
            surroundings, "verifying", share => ImageVerifier.Verify(image, new ByteShare(share, totalBytes), cancellation));
        surroundings.Out.WriteLine(
            $"OK: {folder}: {(long)image.LayerCount * image.SlotCount} bundles in {image.LayerCount} layers by their CRC-32C, "
            + $"{image.Manifest.Files.Count} files by their {FileDigest.Name}, {ByteSize.Format(totalBytes)} read");
        return ExitCode.Success;
    }
}
