namespace Neuralink.Cli.Checkup.Machine;

/// <summary>Whether the process runs in a container, and in what kind, by the marks that these leave.</summary>
internal static class ContainerHints
{
    private static readonly (string Mark, string Kind)[] s_groups =
        [("kubepods", "Kubernetes"), ("docker", "Docker"), ("libpod", "Podman"), ("containerd", "containerd"), ("lxc", "LXC")];

    /// <summary>The container's kind, or null where nothing speaks for one.</summary>
    /// <param name="files">The system's.</param>
    /// <param name="variable">An environment variable's value, or null.</param>
    public static string? Kind(SystemFiles files, Func<string, string?> variable)
    {
        if (variable("KUBERNETES_SERVICE_HOST") is { Length: > 0 })
            return "Kubernetes";
        if (files.Read("/run/.containerenv") is not null)
            return "Podman";
        if (files.Read("/.dockerenv") is not null)
            return "Docker";
        string groups = files.Read("/proc/self/cgroup") ?? "";
        string? marked = s_groups.FirstOrDefault(group => groups.Contains(group.Mark, StringComparison.Ordinal)).Kind;
        return marked ?? (variable("container") is { Length: > 0 } name ? name : null);
    }

    /// <summary>Whether a filter of system calls is on (seccomp), as containers have one.</summary>
    public static bool HasCallFilter(SystemFiles files) =>
        SystemFiles.Fields(files.Read("/proc/self/status") ?? "").GetValueOrDefault("Seccomp") == "2";
}
