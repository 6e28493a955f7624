using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace Neuralink.Storage.Profiles;

/// <summary>
/// The volume on which a profile was measured, so that the profile is used there and nowhere else. A volume is identified by its mount
/// point, because the names of disks change from one start of the machine to the next.
/// </summary>
/// <param name="Machine">The machine's name.</param>
/// <param name="Mount">The mount point: "/", "/mnt/ssd", "C:\".</param>
/// <param name="FileSystem">The file system, as the system calls it: "ext4", "NTFS".</param>
public sealed record DeviceVolume(string Machine, string Mount, string FileSystem)
{
    // Links may lead to links, and even to themselves.
    private const int LinksMax = 40;

    /// <summary>The volume's name, for people.</summary>
    [JsonIgnore]
    public string Name => $"{FileSystem} at {Mount} of {Machine}";

    /// <summary>Whether the volume lies in memory, so that there is no device to measure.</summary>
    [JsonIgnore]
    public bool IsMemory => FileSystem is "tmpfs" or "ramfs";

    /// <summary>The name of the file that holds the volume's profile. It differs from those of the machine's other volumes.</summary>
    [JsonIgnore]
    public string FileName
    {
        get
        {
            string words = string.Concat(Mount.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
            string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Mount}\n{FileSystem}")))[..8];
            return words.Length == 0 ? $"device-{hash}.json" : $"device-{words[..Math.Min(words.Length, 48)]}-{hash}.json";
        }
    }

    /// <summary>The volume on which <paramref name="path"/> lies. Links are followed.</summary>
    /// <exception cref="NeuralinkException">The system does not know the volume.</exception>
    public static DeviceVolume Of(string path, string machine)
    {
        string real = RealPath(path);
        try
        {
            DriveInfo? drive = DriveInfo.GetDrives().Where(d => Contains(d.Name, real)).MaxBy(d => d.Name.Length);
            return drive is null
                ? throw new NeuralinkException($"find the volume of {path}", expected: null, "no mounted volume holds it")
                : new DeviceVolume(machine, drive.Name, drive.DriveFormat);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"find the volume of {path}", expected: null, error.Message, inner: error);
        }
    }

    /// <summary><paramref name="path"/> as a full path without links.</summary>
    public static string RealPath(string path)
    {
        string full = Path.GetFullPath(path);
        for (int links = 0; links < LinksMax && FirstLink(full) is { } resolved; links++)
            full = resolved;
        return full;
    }

    // The path with its first link replaced by the link's target, or null if the path has no link.
    private static string? FirstLink(string full)
    {
        string root = Path.GetPathRoot(full)!;
        string[] parts = full[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
        string folder = root;
        foreach ((int i, string part) in parts.Index())
        {
            string here = Path.Combine(folder, part);
            if (new FileInfo(here).LinkTarget is { } target)
                return Path.GetFullPath(Path.Combine([folder, target, .. parts[(i + 1)..]]));
            folder = here;
        }
        return null;
    }

    private static bool Contains(string mount, string path)
    {
        string prefix = Path.TrimEndingDirectorySeparator(mount);
        string folder = Path.EndsInDirectorySeparator(prefix) ? prefix : prefix + Path.DirectorySeparatorChar;
        return path == prefix || path.StartsWith(folder, StringComparison.Ordinal);
    }
}
