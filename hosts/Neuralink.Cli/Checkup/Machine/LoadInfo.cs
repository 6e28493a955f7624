using System.Globalization;

namespace Neuralink.Cli.Checkup.Machine;

/// <summary>/proc/loadavg: how many threads want a processor.</summary>
internal static class LoadAverage
{
    /// <summary>Threads that ran or wanted to, on average over the last minute; null where the text does not say it.</summary>
    public static double? Parse(string? text) =>
        double.TryParse(text?.Split(' ')[0], NumberStyles.Float, CultureInfo.InvariantCulture, out double load) && load >= 0 ? load : null;
}

/// <summary>/proc/stat: where the processors' time has gone since the machine was started, in ticks.</summary>
/// <param name="Total">All of it.</param>
/// <param name="Stolen">What a virtual machine wanted, and its host gave to others.</param>
internal readonly record struct ProcessorTicks(long Total, long Stolen)
{
    // user, nice, system, idle, iowait, irq, softirq, steal. What follows is counted in user already.
    private const int Columns = 8;

    /// <returns>Null where the text does not say it.</returns>
    public static ProcessorTicks? Parse(string? text)
    {
        string? line = text?.Split('\n').FirstOrDefault(line => line.StartsWith("cpu ", StringComparison.Ordinal));
        string[] words = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..] ?? [];
        long[] ticks = [.. words.Take(Columns).Select(word => long.TryParse(word, out long value) ? value : -1)];
        return ticks.Length == Columns && ticks.All(value => value >= 0) ? new ProcessorTicks(ticks.Sum(), ticks[^1]) : null;
    }

    /// <summary>The share of the time since <paramref name="earlier"/> that was stolen; zero where no tick has passed.</summary>
    public double StolenShareSince(ProcessorTicks earlier) =>
        Total > earlier.Total ? Math.Clamp((double)(Stolen - earlier.Stolen) / (Total - earlier.Total), 0, 1) : 0;
}

/// <summary>How the frequency of the processors is chosen.</summary>
/// <param name="Governor">The governor's name.</param>
/// <param name="Driver">The driver's, or null.</param>
internal sealed record FrequencyGovernor(string Governor, string? Driver)
{
    /// <summary>Drivers whose "powersave" goes up with the load; of others it is the lowest frequency at all times.</summary>
    private static readonly string[] s_adaptive = ["intel_pstate", "amd-pstate-epp"];

    /// <summary>Whether it holds the frequency down.</summary>
    public bool IsSlow => Governor == "powersave" && !s_adaptive.Contains(Driver, StringComparer.Ordinal);

    /// <summary>Of the processors that the system lists; the first slow one, or else the first. Null where none is to be seen.</summary>
    public static FrequencyGovernor? Find(SystemFiles files)
    {
        FrequencyGovernor[] found = [.. Numbers(files.Word("/sys/devices/system/cpu/online")).Select(Of).OfType<FrequencyGovernor>()];
        return found.FirstOrDefault(governor => governor.IsSlow) ?? found.FirstOrDefault();

        FrequencyGovernor? Of(int processor)
        {
            string folder = $"/sys/devices/system/cpu/cpu{processor}/cpufreq";
            return files.Word($"{folder}/scaling_governor") is { Length: > 0 } name
                ? new FrequencyGovernor(name, files.Word($"{folder}/scaling_driver"))
                : null;
        }
    }

    /// <summary>The numbers of a list such as "0-3,8".</summary>
    internal static IEnumerable<int> Numbers(string? list)
    {
        const int ProcessorsMax = 8192;     // the most that Linux is built for
        foreach (string part in (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] ends = part.Split('-');
            if (!int.TryParse(ends[0], out int first) || !int.TryParse(ends[^1], out int last) || first < 0 || last >= ProcessorsMax)
                continue;
            for (int number = first; number <= last; number++)
                yield return number;
        }
    }
}
