using Neuralink.Cli.Devices;
using Neuralink.Cli.Terminal;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Profiles;

namespace Neuralink.Cli.Generate;

/// <summary>The engine's options as the device profile completes them: what the user said stays.</summary>
internal sealed class ProfiledOptions(GenerateSettings settings, Surroundings surroundings)
{
    /// <summary>The word for no profile.</summary>
    private const string None = "none";

    /// <summary>The options for an image, and what of them a profile decided, if one did.</summary>
    public (EngineOptions Options, ProfileReport? Profile) For(FlashImage image)
    {
        if (Find(image) is not { } profile)
            return (settings.Engine, null);
        EngineOptions options = settings.Engine with
        {
            Io = settings.Io ?? AccessBy(profile.IoMethod),
            QueueDepth = settings.QueueDepth ?? profile.QueueDepth ?? settings.Engine.QueueDepth,
            // Measured (docs/experiments/devices.md): a probe's own file reads faster than an image that has lain for a while, and then its gaps are too wide to be a default.
            ReadCost = settings.Profile is null ? settings.Engine.ReadCost : profile.ToReadCost(),
        };
        return (options, new ProfileReport(profile.Name, NameOf(options.Io), options.QueueDepth, options.ReadCost.BreakEvenGapBytes(image.StrideBytes)));
    }

    // Profiles are of direct reads; through the page cache reads cost something else, and only the user can know that it is alike.
    private DeviceProfile? Find(FlashImage image) => settings.Profile switch
    {
        None => null,
        { } path => DeviceProfile.Read(path),
        null => settings.Io == FlashAccess.Buffered ? null : new ProfileStore(surroundings).Find(image.NeuronsPath),
    };

    private FlashAccess AccessBy(string? method) => method switch
    {
        "threads" => FlashAccess.Direct,
        "io_uring" => FlashAccess.Uring,
        _ => settings.Engine.Io,
    };

    /// <summary>The word that --io has for it.</summary>
    private static string NameOf(FlashAccess io) => io switch
    {
        FlashAccess.Direct => "direct",
        FlashAccess.Buffered => "buffered",
        _ => "uring",
    };
}
