using Neuralink.Storage;
using Neuralink.Storage.Profiles;

namespace Neuralink;

/// <summary>The profiles of this machine's volumes, in the cache folder, each under a name derived from its volume.</summary>
public sealed class ProfileStore(ModelStoreOptions options)
{
    /// <summary>Keeps a profile for its volume, in place of the one that is there.</summary>
    /// <returns>Where.</returns>
    /// <exception cref="NeuralinkException">There is no cache folder, or it cannot be written.</exception>
    public string Save(DeviceProfile profile)
    {
        string cache = options.CacheFolder
            ?? throw new NeuralinkException("save a device profile", "a cache folder", "none", "name one, or save the profile elsewhere");
        string folder = Directory.CreateDirectory(cache).FullName;
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
        if (options.CacheFolder is not { } cache)
            return null;        // nor was there one to save a profile in
        try
        {
            DeviceVolume volume = DeviceVolume.Of(path, options.MachineName);
            string saved = Path.Combine(cache, volume.FileName);
            if (!File.Exists(saved))
                return null;
            DeviceProfile profile = DeviceProfile.Read(saved);
            if (profile.Volume == volume)
                return profile;
            options.Note(
                $"the device profile {saved} is not used: it is of {profile.Volume?.Name ?? profile.Name}, not of {volume.Name}; "
                + "measure this one with 'neuralink probe'");
        }
        catch (NeuralinkException error)
        {
            options.Note($"no device profile is used: {error.Message}");
        }
        return null;
    }
}
