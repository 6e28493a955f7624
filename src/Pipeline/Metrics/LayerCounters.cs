using Neuralink.Placement;

namespace Neuralink.Pipeline.Metrics;

/// <summary>The counters of each layer since the engine started, or between two moments. Read when nothing runs.</summary>
internal sealed class LayerCounters(int layerCount)
{
    private static readonly int s_counterCount = Enum.GetValues<Counter>().Length;

    private readonly long[] _values = new long[layerCount * s_counterCount];     // [layer, counter]

    public int LayerCount => layerCount;

    public long this[LayerIndex layer, Counter counter] => _values[(layer.Value * s_counterCount) + (int)counter];

    public void Add(LayerIndex layer, Counter counter, long count = 1) => _values[(layer.Value * s_counterCount) + (int)counter] += count;

    /// <summary>Over all layers.</summary>
    public long this[Counter counter]
    {
        get
        {
            long sum = 0;
            for (int layer = 0; layer < layerCount; layer++)
                sum += this[new LayerIndex(layer), counter];
            return sum;
        }
    }

    /// <summary>As they are now.</summary>
    public LayerCounters Snapshot()
    {
        LayerCounters copy = new(layerCount);
        _values.CopyTo(copy._values, 0);
        return copy;
    }

    /// <summary>What was counted since <paramref name="earlier"/>.</summary>
    public LayerCounters Since(LayerCounters earlier)
    {
        LayerCounters difference = new(layerCount);
        for (int i = 0; i < _values.Length; i++)
            difference._values[i] = _values[i] - earlier._values[i];
        return difference;
    }
}
