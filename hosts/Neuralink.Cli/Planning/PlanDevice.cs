using Neuralink.Cli.Devices;
using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Placement.Cost;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Profiles;

namespace Neuralink.Cli.Planning;

/// <summary>The device that is read from, and the options with which `generate` would read from it.</summary>
/// <param name="Options">As the profile completes them.</param>
/// <param name="Cost">What reads cost.</param>
/// <param name="Name">The profile's name.</param>
/// <param name="IsMeasured">Whether there is a profile at all.</param>
internal sealed record PlanDevice(EngineOptions Options, ReadCost Cost, string Name, bool IsMeasured)
{
    /// <summary>The word for no profile.</summary>
    private const string None = "none";

    public static PlanDevice Find(PlanSettings settings, PlanSubject subject, Surroundings surroundings)
    {
        DeviceProfile? profile = settings.Profile switch
        {
            None => null,
            { } path => DeviceProfile.Read(path),
            // What is not packed yet would be packed into the cache folder.
            null => (subject.Image?.NeuronsPath ?? CacheFolder.Find(surroundings)) is { } place && Path.Exists(place)
                ? new ProfileStore(surroundings).Find(place)
                : null,
        };
        if (profile is null)
            return new PlanDevice(settings.Engine, DeviceProfile.Default.ToReadCost(), DeviceProfile.Default.Name, IsMeasured: false);
        EngineOptions options = settings.Engine with
        {
            Io = profile.IoMethod == "io_uring" ? FlashAccess.Uring : settings.Engine.Io,
            QueueDepth = profile.QueueDepth ?? settings.Engine.QueueDepth,
            // As generate has it: only a profile that is named decides what is read through.
            ReadCost = settings.Profile is null ? settings.Engine.ReadCost : profile.ToReadCost(),
        };
        return new PlanDevice(options, profile.ToReadCost(), profile.Name, IsMeasured: true);
    }
}
