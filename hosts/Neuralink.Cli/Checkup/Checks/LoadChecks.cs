using Neuralink.Cli.Checkup.Machine;

namespace Neuralink.Cli.Checkup.Checks;

/// <summary>What else wants the machine. It is made before anything is measured, and asked again when all is.</summary>
internal sealed class LoadChecks(SystemFiles files, Func<string, string?> variable)
{
    private const string Stat = "/proc/stat", Average = "/proc/loadavg";

    // Below this share, clocks that tick a hundred times a second show chance.
    private const double StolenShareMax = 0.02;

    private readonly ProcessorTicks? _begin = ProcessorTicks.Parse(files.Read(Stat));
    private readonly double? _load = LoadAverage.Parse(files.Read(Average));

    public IEnumerable<Finding> Of()
    {
        yield return Load(_load, Environment.ProcessorCount);
        yield return Steal(_begin, ProcessorTicks.Parse(files.Read(Stat)));
        string? container = ContainerHints.Kind(files, variable);
        yield return Finding.Good("container", container is null ? "none that shows" : $"{container}, whose limits are above");
    }

    internal static Finding Load(double? load, int processors)
    {
        if (load is not { } threads)
            return Finding.Unknown("load", Average);
        string value = $"{threads:0.0} threads wanted {ProcessorChecks.Count(processors)} in the last minute";
        return threads <= processors / 2.0
            ? Finding.Good("load", value, ("threads", threads))
            : Finding.Note(
                "load", value, "end what else runs, or wait: what is measured above, and a run, is slower meanwhile", ("threads", threads));
    }

    internal static Finding Steal(ProcessorTicks? begin, ProcessorTicks? end)
    {
        if (begin is not { } from || end is not { } to)
            return Finding.Unknown("steal", Stat);
        double share = to.StolenShareSince(from);
        string value = $"{share:0.0%} of the processors' time went to other virtual machines meanwhile";
        return share <= StolenShareMax
            ? Finding.Good("steal", value, ("share", share))
            : Finding.Note("steal", value, "measure at another hour, or take a machine that is not shared", ("share", share));
    }
}
