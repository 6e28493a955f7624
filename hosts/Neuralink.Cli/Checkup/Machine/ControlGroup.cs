namespace Neuralink.Cli.Checkup.Machine;

/// <summary>A hierarchy of control groups that is mounted, and the process's place in it.</summary>
/// <param name="IsV2">Whether it is the unified hierarchy of version 2.</param>
/// <param name="Folders">The process's own group first, then those above it as far as they can be seen; full paths.</param>
internal sealed record ControlGroup(bool IsV2, IReadOnlyList<string> Folders)
{
    private const string Membership = "/proc/self/cgroup", Mounts = "/proc/self/mountinfo";

    /// <summary>
    /// The hierarchies that may limit a resource: that of version 1 which has <paramref name="controller"/>, and that of version 2. A
    /// machine may have both, and then only one has the controller; the other's files are missing.
    /// </summary>
    /// <param name="files">The system's.</param>
    /// <param name="controller">"memory" or "cpu".</param>
    public static IReadOnlyList<ControlGroup> Find(SystemFiles files, string controller)
    {
        List<ControlGroup> groups = [];
        foreach (Mount mount in (files.Read(Mounts) ?? "").Split('\n').Select(Mount.Parse).OfType<Mount>())
        {
            bool isV2 = mount.Type == "cgroup2";
            if (!isV2 && !(mount.Type == "cgroup" && mount.Options.Contains(controller, StringComparer.Ordinal)))
                continue;
            if (GroupOf(files.Read(Membership) ?? "", isV2 ? "" : controller) is { } group)
                groups.Add(new ControlGroup(isV2, FoldersOf(mount, group)));
        }
        return groups;
    }

    /// <summary>
    /// The process's group: of lines "4:cpu,cpuacct:/path" the one with the controller; of version 2 the line "0::/path".
    /// </summary>
    private static string? GroupOf(string membership, string controller) => (
        from line in membership.Split('\n')
        let parts = line.Split(':', 3)
        where parts.Length == 3 && parts[1].Split(',').Contains(controller, StringComparer.Ordinal)
        select parts[2]).FirstOrDefault();

    /// <summary>
    /// The group's folder and those above it. What is mounted may be a group further down (a container sees its own as the root), and the
    /// group may be named from further up, or lie outside of what can be seen ("/../other"): then the mount's own folder is the nearest.
    /// </summary>
    private static List<string> FoldersOf(Mount mount, string group)
    {
        string below = mount.Root == "/" ? group
            : group == mount.Root || group.StartsWith($"{mount.Root}/", StringComparison.Ordinal) ? group[mount.Root.Length..]
            : "";
        string[] parts = below.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Contains("..", StringComparer.Ordinal))
            parts = [];
        return [.. Enumerable.Range(0, parts.Length + 1).Reverse().Select(count => string.Join('/', [mount.Point, .. parts[..count]]))];
    }

    /// <summary>A line of mountinfo: "31 23 0:28 ROOT POINT options - TYPE source OPTIONS"; before the dash there may be more.</summary>
    private sealed record Mount(string Root, string Point, string Type, IReadOnlyList<string> Options)
    {
        public static Mount? Parse(string line)
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            int dash = Array.IndexOf(words, "-");
            return dash >= 6 && dash + 3 < words.Length
                ? new Mount(Unescape(words[3]), Unescape(words[4]).TrimEnd('/'), words[dash + 1], words[dash + 3].Split(','))
                : null;
        }

        // A blank is written as \040, its number in octal digits.
        private static string Unescape(string path) => path.Replace("\\040", " ", StringComparison.Ordinal);
    }
}
