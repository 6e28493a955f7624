using System.Collections.Frozen;
using Neuralink.Pipeline.Metrics;
using Neuralink.Placement;

namespace Neuralink.Hosting.Cluster.Wire;

/// <summary>
/// The bytes of a run's counters. Each counter goes under its name, so that a node that has more of them, or fewer, reads those that both
/// have.
/// </summary>
internal static class MetricsFormat
{
    private static readonly Counter[] s_counters = Enum.GetValues<Counter>();

    private static readonly FrozenDictionary<string, Counter> s_byName = s_counters.ToFrozenDictionary(c => c.ToString());

    public static void Write(WireWriter to, IoCounts counts)
    {
        to.Count((ulong)counts.NeuronsPerLayer);
        to.Count((ulong)counts.PayloadBytes);
        to.Signed(counts.TicksPerSecond);
        to.Count((ulong)s_counters.Length);
        foreach (Counter counter in s_counters)
            to.Text(counter.ToString());
        to.Count((ulong)counts.Counters.LayerCount);
        for (int layer = 0; layer < counts.Counters.LayerCount; layer++)
        {
            foreach (Counter counter in s_counters)
                to.Signed(counts.Counters[new LayerIndex(layer), counter]);
        }
    }

    public static IoCounts Read(ref WireReader from)
    {
        int neurons = from.Natural(), payload = from.Natural();
        long frequency = from.Signed();
        if (frequency <= 0)
            throw from.Error("a clock of at least 1 tick a second", $"{frequency}");
        Counter?[] counters = new Counter?[from.CountOf("counters")];
        foreach (ref Counter? counter in counters.AsSpan())
            counter = s_byName.TryGetValue(from.Text(), out Counter known) ? known : null;
        int layerCount = from.CountOf("layers", Math.Max(1, counters.Length));
        LayerCounters values = new(layerCount);
        for (int layer = 0; layer < layerCount; layer++)
        {
            foreach (Counter? counter in counters)
            {
                long value = from.Signed();
                if (counter is { } known)
                    values.Add(new LayerIndex(layer), known, value);
            }
        }
        return new IoCounts(values, neurons, payload, frequency);
    }
}
