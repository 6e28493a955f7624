using System.Globalization;

namespace Neuralink.Cli.Checkup.Machine;

/// <summary>A limit of memory that a control group sets, of version 1 or 2.</summary>
/// <param name="File">The file that sets it.</param>
/// <param name="LimitBytes">The most that the group may have.</param>
/// <param name="UsedBytes">What it has that cannot be dropped at once: without pages of files that nobody has used lately.</param>
internal sealed record GroupMemory(string File, long LimitBytes, long UsedBytes)
{
    // Version 1 says "no limit" by the largest number of whole pages, which depends on the size of a page.
    private const long UnlimitedMin = 1L << 60;

    /// <summary>What the group may still have.</summary>
    public long LeftBytes => Math.Max(0, LimitBytes - UsedBytes);

    /// <summary>The limit that leaves least, of the process's group and of those above it; null where none limits.</summary>
    public static GroupMemory? Find(SystemFiles files) =>
        ControlGroup.Find(files, "memory").SelectMany(group => group.Folders.SelectMany(folder => Of(files, folder, group.IsV2)))
            .MinBy(limit => limit.LeftBytes);

    // Above memory.high the kernel slows a process down until it has given memory back; above memory.max it kills.
    private static IEnumerable<GroupMemory> Of(SystemFiles files, string folder, bool isV2)
    {
        string[] names = isV2 ? ["memory.max", "memory.high"] : ["memory.limit_in_bytes"];
        long used = Number(files.Word($"{folder}/{(isV2 ? "memory.current" : "memory.usage_in_bytes")}")) ?? 0;
        long inactive = StatisticOf(files.Read($"{folder}/memory.stat"), isV2 ? "inactive_file" : "total_inactive_file") ?? 0;
        foreach (string file in names.Select(name => $"{folder}/{name}"))
        {
            if (Number(files.Word(file)) is { } limit and < UnlimitedMin)
                yield return new GroupMemory(file, limit, Math.Max(0, used - inactive));
        }
    }

    private static long? StatisticOf(string? text, string name) => (
        from line in (text ?? "").Split('\n')
        where line.StartsWith($"{name} ", StringComparison.Ordinal)
        select Number(line[name.Length..])).FirstOrDefault();

    // "max" is no number, and means none.
    private static long? Number(string? text) => long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out long value)
        && value >= 0 ? value : null;
}

/// <summary>A limit of processor time that a control group sets, of version 1 or 2.</summary>
/// <param name="File">The file that sets it.</param>
/// <param name="Processors">Processors' worth of time: 1.5 is three halves of a second each second.</param>
internal sealed record GroupProcessors(string File, double Processors)
{
    /// <summary>The lowest limit, of the process's group and of those above it; null where none limits.</summary>
    public static GroupProcessors? Find(SystemFiles files) =>
        ControlGroup.Find(files, "cpu")
            .SelectMany(group => group.Folders.Select(folder => group.IsV2 ? V2(files, folder) : V1(files, folder)))
            .OfType<GroupProcessors>().MinBy(limit => limit.Processors);

    /// <summary>"150000 100000": microseconds of every so many; "max" instead of the first is no limit.</summary>
    private static GroupProcessors? V2(SystemFiles files, string folder)
    {
        string file = $"{folder}/cpu.max";
        return files.Word(file)?.Split(' ') is [var quota, var period] ? Of(file, quota, period) : null;
    }

    /// <summary>The same in two files; -1 is no limit.</summary>
    private static GroupProcessors? V1(SystemFiles files, string folder)
    {
        string file = $"{folder}/cpu.cfs_quota_us";
        return Of(file, files.Word(file), files.Word($"{folder}/cpu.cfs_period_us"));
    }

    private static GroupProcessors? Of(string file, string? quota, string? period) =>
        long.TryParse(quota, out long micros) && long.TryParse(period, out long everyMicros) && micros > 0 && everyMicros > 0
            ? new GroupProcessors(file, (double)micros / everyMicros)
            : null;
}
