using Neuralink.Placement;

namespace Neuralink;

/// <summary>What the <see cref="IoMetrics"/> of a run are made of, in a form that can be sent to another process.</summary>
/// <param name="Counters">The counters of each layer, which change no more.</param>
/// <param name="NeuronsPerLayer">Neurons of a layer.</param>
/// <param name="PayloadBytes">Weights of one, in bytes.</param>
/// <param name="TicksPerSecond">Of the clock of those counters that are times.</param>
internal sealed record IoCounts(LayerCounters Counters, int NeuronsPerLayer, int PayloadBytes, long TicksPerSecond)
{
    /// <summary>All layers together.</summary>
    public IoMetrics Total => Metrics(null);

    /// <summary>Each layer.</summary>
    public IReadOnlyList<IoMetrics> Layers => [.. Enumerable.Range(0, Counters.LayerCount).Select(l => Metrics(new LayerIndex(l)))];

    private IoMetrics Metrics(LayerIndex? layer) =>
        new(Counters, layer, NeuronsPerLayer, PayloadBytes, new Clock(TicksPerSecond));

    /// <summary>Converts ticks of another process's clock; it has no time of its own.</summary>
    private sealed class Clock(long ticksPerSecond) : TimeProvider
    {
        public override long TimestampFrequency => ticksPerSecond;
    }
}

public sealed partial class IoMetrics
{
    /// <summary>What the run's metrics are made of, of all layers.</summary>
    internal IoCounts Counts => new(_spent, _neuronsPerLayer, _payloadBytes, _time.TimestampFrequency);
}
