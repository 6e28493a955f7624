using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Placement.Cost;
using Neuralink.Storage.Profiles;

namespace Neuralink.Cli.Planning;

/// <summary>The device that is read from, and the options with which `generate` would read from it.</summary>
/// <param name="Options">As the profile and the choice of a strategy complete them.</param>
/// <param name="Cost">What reads cost.</param>
/// <param name="Name">The profile's name.</param>
/// <param name="IsMeasured">Whether there is a profile at all.</param>
/// <param name="Reason">Why the strategy was chosen; null where it was asked for.</param>
internal sealed record PlanDevice(EngineOptions Options, ReadCost Cost, string Name, bool IsMeasured, string? Reason)
{
    public static PlanDevice Find(PlanSettings settings, PlanSubject subject, Surroundings surroundings)
    {
        ModelSetup setup = new()
        {
            Folder = subject.Name,
            Strategy = settings.Strategy,
            Profile = settings.Profile,
            Engine = settings.Engine,
        };
        ModelStoreOptions store = ModelLocator.StoreOptions(surroundings);
        // What is not packed yet would be packed into the cache folder.
        string? place = subject.Image?.NeuronsPath ?? store.CacheFolder;
        bool isKnown = settings.Profile is not null || (place is not null && Path.Exists(place));
        DeviceProfile? profile = isKnown ? setup.FindProfile(place ?? "", store) : null;
        (EngineOptions options, _, StrategyChoice? choice) =
            setup.Complete(subject.Model.Config, subject.Image, profile, subject.Model.Formats);
        DeviceProfile device = profile ?? DeviceProfile.Default;
        return new PlanDevice(options, device.ToReadCost(), device.Name, IsMeasured: profile is not null, choice?.Reason);
    }
}
