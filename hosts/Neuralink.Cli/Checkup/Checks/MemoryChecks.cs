using Neuralink.Cli.Checkup.Machine;
using Neuralink.Storage;
using Neuralink.Studies.Measuring;

namespace Neuralink.Cli.Checkup.Checks;

/// <summary>Memory: how much, how fast, and what limits it.</summary>
internal static class MemoryChecks
{
    private const string Limits = "/proc/self/limits", HugePages = "/sys/kernel/mm/transparent_hugepage/enabled";

    // Kernels before 5.12 take a ring's queues out of the memory that may be locked; a ring needs less than this.
    private const long LockedBytesMin = 1 << 20;

    // An engine opens a few dozen files; a server has a connection for each client beside them.
    private const long OpenFilesMin = 1024;

    private static readonly TimeSpan s_timing = TimeSpan.FromMilliseconds(150);

    public static IEnumerable<Finding> Of(SystemFiles files, TimeProvider time)
    {
        MemoryInfo memory = InfoOf(files);
        ResourceLimits limits = ResourceLimits.Parse(files.Read(Limits));
        yield return Room(memory);
        yield return Limit(files, memory);
        yield return Bandwidth(memory, time);
        yield return Pages(files);
        yield return Locking(limits);
        yield return OpenFiles(limits);
    }

    /// <summary>What a program may still have: the least of what the machine and the control groups leave.</summary>
    public static long LeftBytes(SystemFiles files) =>
        Math.Min(InfoOf(files).AvailableBytes, GroupMemory.Find(files)?.LeftBytes ?? long.MaxValue);

    internal static Finding Room(MemoryInfo memory)
    {
        string value = $"{ByteSize.Format(memory.AvailableBytes)} of {ByteSize.Format(memory.TotalBytes)} available"
            + (memory.SwapBytes > 0 ? $", {ByteSize.Format(memory.SwapBytes)} of swap" : "");
        (string, double)[] metrics = [("available_bytes", memory.AvailableBytes), ("total_bytes", memory.TotalBytes)];
        return memory.AvailableBytes >= memory.TotalBytes / 4
            ? Finding.Good("memory", value, metrics)
            : Finding.Note(
                "memory", value,
                "end other programs, or give --memory less than is available: once the system must make room, all slows down", metrics);
    }

    internal static Finding Limit(SystemFiles files, MemoryInfo memory)
    {
        const string Name = "memory_limit";
        if (GroupMemory.Find(files) is not { } limit)
            return Finding.Good(Name, "none");
        string value = $"{ByteSize.Format(limit.LeftBytes)} of {ByteSize.Format(limit.LimitBytes)} left, by {limit.File}";
        (string, double)[] metrics = [("left_bytes", limit.LeftBytes), ("limit_bytes", limit.LimitBytes)];
        return limit.LeftBytes >= memory.AvailableBytes
            ? Finding.Good(Name, value, metrics)
            : Finding.Note(Name, value, "give --memory less, or raise the limit: who takes more is slowed down or killed", metrics);
    }

    internal static Finding Pages(SystemFiles files) => SystemFiles.Chosen(files.Read(HugePages)) switch
    {
        null => Finding.Unknown("huge_pages", HugePages),
        "never" => Finding.Note(
            "huge_pages", "never: each page of 4 KiB is looked up by itself", $"'echo madvise > {HugePages}', as root"),
        var choice => Finding.Good("huge_pages", $"{choice}: the engine's memory gets them"),
    };

    internal static Finding Locking(ResourceLimits limits)
    {
        const string Name = "lock_limit";
        return limits["Max locked memory"] switch
        {
            null => Finding.Unknown(Name, Limits),
            ResourceLimits.Unlimited => Finding.Good(Name, "none"),
            < LockedBytesMin and var bytes => Finding.Note(
                Name, $"{ByteSize.Format(bytes)} may be locked: too little for io_uring before Linux 5.12",
                "'ulimit -l unlimited', memlock in /etc/security/limits.conf, or --ulimit memlock=-1 of a container", ("bytes", bytes)),
            var bytes => Finding.Good(Name, $"{ByteSize.Format(bytes.Value)} may be locked: enough for io_uring", ("bytes", bytes.Value)),
        };
    }

    internal static Finding OpenFiles(ResourceLimits limits)
    {
        const string Name = "file_limit";
        return limits["Max open files"] switch
        {
            null => Finding.Unknown(Name, Limits),
            ResourceLimits.Unlimited => Finding.Good(Name, "none"),
            < OpenFilesMin and var count => Finding.Note(
                Name, $"{count} files and connections may be open", $"for a server: 'ulimit -n {OpenFilesMin}' or more", ("files", count)),
            var count => Finding.Good(Name, $"{count} files and connections may be open", ("files", count.Value)),
        };
    }

    private static Finding Bandwidth(MemoryInfo memory, TimeProvider time)
    {
        const string Name = "memory_bandwidth";
        if (memory.AvailableBytes < 2 * MemoryBandwidth.BufferBytes)
        {
            return Finding.Note(
                Name, $"not measured: that takes {ByteSize.Format(MemoryBandwidth.BufferBytes)}",
                "look again when more memory is available");
        }
        int threads = Environment.ProcessorCount;
        double one = MemoryBandwidth.Measure(1, s_timing, time);
        double all = threads == 1 ? one : MemoryBandwidth.Measure(threads, s_timing, time);
        return Finding.Good(
            Name, $"{one / 1e9:0.0} GB/s by one thread, {all / 1e9:0.0} by {threads}: 1 GiB of weights takes {(1 << 30) / all * 1e3:0} ms",
            ("one_thread_bytes_per_second", one), ("all_threads_bytes_per_second", all));
    }

    // Other systems do not have the file; the runtime knows how much there is.
    private static MemoryInfo InfoOf(SystemFiles files)
    {
        if (MemoryInfo.Parse(files.Read("/proc/meminfo")) is { } info)
            return info;
        GCMemoryInfo known = GC.GetGCMemoryInfo();
        long total = known.TotalAvailableMemoryBytes;
        return new MemoryInfo(total, Math.Max(0, total - known.MemoryLoadBytes), SwapBytes: 0);
    }
}
