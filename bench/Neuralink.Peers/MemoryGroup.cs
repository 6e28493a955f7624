using System.Globalization;

namespace Neuralink.Peers;

/// <summary>
/// A cgroup with a memory limit, in which page cache counts as memory: version 1 where the memory controller has a hierarchy of its own,
/// else version 2. It is removed when disposed.
/// </summary>
internal sealed class MemoryGroup : IDisposable
{
    private const string Mounts = "/proc/self/mountinfo", Groups = "/proc/self/cgroup";

    private readonly string _folder;
    private readonly bool _isVersion1;

    private MemoryGroup(string folder, bool isVersion1) => (_folder, _isVersion1) = (folder, isVersion1);

    /// <summary>A process whose id is written here is in the group.</summary>
    public string ProcessesFile => Path.Combine(_folder, "cgroup.procs");

    /// <summary>The most that was in use, in bytes, the page cache among it; null where the kernel does not say.</summary>
    public long? PeakBytes => Number(_isVersion1 ? "memory.max_usage_in_bytes" : "memory.peak");

    /// <summary>Makes a group below that of this process, or beside it (version 2 has no processes in inner groups).</summary>
    /// <param name="limitBytes">The limit.</param>
    /// <param name="refusal">Why there is none, or null.</param>
    public static MemoryGroup? TryCreate(long limitBytes, out string? refusal)
    {
        refusal = null;
        if (!OperatingSystem.IsLinux())
            refusal = "cgroups are a part of Linux";
        else if (Find(File.ReadAllLines(Mounts), File.ReadAllLines(Groups)) is not { } place)
            refusal = "no cgroup hierarchy has the memory controller";
        else
            return TryCreate(place.Folder, place.IsVersion1, limitBytes, out refusal);
        return null;
    }

    /// <summary>Where groups with a memory limit may be made, as the kernel lists mounts and this process's groups.</summary>
    internal static (string Folder, bool IsVersion1)? Find(IEnumerable<string> mounts, IReadOnlyList<string> groups)
    {
        // 35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
        (string Point, string Kind, string Options)[] cgroups =
        [
            .. from line in mounts
            let parts = line.Split(" - ", 2)
            let mount = parts[0].Split(' ')
            let system = parts.Length == 2 ? parts[1].Split(' ') : []
            where system is ["cgroup" or "cgroup2", _, ..] && mount.Length > 4
            select (mount[4], system[0], system[^1]),
        ];
        if (cgroups.FirstOrDefault(m => m.Kind == "cgroup" && m.Options.Split(',').Contains("memory", StringComparer.Ordinal)).Point
            is { } memory)
        {
            string own = groups.Select(line => line.Split(':', 3))
                .FirstOrDefault(g => g.Length == 3 && g[1].Split(',').Contains("memory", StringComparer.Ordinal))?[2] ?? "/";
            return (Path.Join(memory, own), true);
        }
        if (cgroups.FirstOrDefault(m => m.Kind == "cgroup2").Point is not { } unified)
            return null;
        string group = groups.FirstOrDefault(line => line.StartsWith("0::", StringComparison.Ordinal))?[3..] ?? "/";
        return (Path.Join(unified, group == "/" ? "/" : Path.GetDirectoryName(group)), false);
    }

    /// <summary>Removes the group, which nothing is in any more.</summary>
    public void Dispose()
    {
        try
        {
            if (Directory.Exists(_folder))
                Directory.Delete(_folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"peers: the cgroup {_folder} stays: {error.Message}");
        }
    }

    private static MemoryGroup? TryCreate(string parent, bool isVersion1, long limitBytes, out string? refusal)
    {
        string folder = Path.Combine(parent, $"neuralink-peers-{Guid.NewGuid():n}");
        try
        {
            Directory.CreateDirectory(folder);
            MemoryGroup group = new(folder, isVersion1);
            try
            {
                File.WriteAllText(Path.Combine(folder, isVersion1 ? "memory.limit_in_bytes" : "memory.max"), $"{limitBytes}");
                if (!isVersion1 && File.Exists(Path.Combine(folder, "memory.swap.max")))
                    File.WriteAllText(Path.Combine(folder, "memory.swap.max"), "0");
                else if (isVersion1 && File.Exists(Path.Combine(folder, "memory.swappiness")))
                    File.WriteAllText(Path.Combine(folder, "memory.swappiness"), "0");
                refusal = null;
                return group;
            }
            catch
            {
                group.Dispose();
                throw;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            refusal = $"no cgroup with a memory limit can be made below {parent}: {error.Message}";
            return null;
        }
    }

    private long? Number(string file) => File.Exists(Path.Combine(_folder, file))
        && long.TryParse(File.ReadAllText(Path.Combine(_folder, file)), CultureInfo.InvariantCulture, out long value)
            ? value
            : null;
}
