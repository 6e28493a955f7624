using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Storage;
using Neuralink.Storage.Profiles;

namespace Neuralink.Cli.Devices;

/// <summary>The profiles of this machine's volumes, in the cache folder, each under a name derived from its volume.</summary>
internal sealed class ProfileStore(Surroundings surroundings)
{
    /// <summary>Keeps a profile for its volume, in place of the one that is there.</summary>
    /// <returns>Where.</returns>
    public string Save(DeviceProfile profile)
    {
        string folder = Directory.CreateDirectory(CacheFolder.Of(surroundings)).FullName;
        string path = Path.Combine(folder, profile.Volume!.FileName);
        profile.Write(path, replace: true);
        return path;
    }

    /// <summary>
    /// The profile of the volume on which <paramref name="path"/> lies, or null. A profile that cannot be read is no reason to fail, and
    /// one of another machine (a home folder may be shared or restored elsewhere) is not used; both are said.
    /// </summary>
    public DeviceProfile? Find(string path)
    {
        if (CacheFolder.Find(surroundings) is not { } cache)
            return null;        // nor was there one to save a profile in
        try
        {
            DeviceVolume volume = DeviceVolume.Of(path, surroundings.MachineName);
            string saved = Path.Combine(cache, volume.FileName);
            if (!File.Exists(saved))
                return null;
            DeviceProfile profile = DeviceProfile.Read(saved);
            if (profile.Volume == volume)
                return profile;
            surroundings.Note(
                $"the device profile {saved} is not used: it is of {profile.Volume?.Name ?? profile.Name}, not of {volume.Name}; measure "
                + "this one with 'neuralink probe'");
        }
        catch (NeuralinkException error)
        {
            surroundings.Note($"no device profile is used: {error.Message}");
        }
        return null;
    }
}
