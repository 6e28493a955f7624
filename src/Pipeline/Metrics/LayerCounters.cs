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

    /// <summary>Becomes what <paramref name="other"/> is now.</summary>
    public void CopyFrom(LayerCounters other) => other._values.CopyTo(_values, 0);

    /// <summary>
    /// Adds a share of what was counted from <paramref name="earlier"/> to <paramref name="now"/>: what rows <paramref name="begin"/> to
    /// <paramref name="end"/> of a pass of <paramref name="rows"/> rows have of it. The shares of all rows add up to the whole.
    /// </summary>
    public void AddShare(LayerCounters now, LayerCounters earlier, int begin, int end, int rows)
    {
        for (int i = 0; i < _values.Length; i++)
        {
            long counted = now._values[i] - earlier._values[i];
            if (counted != 0)
                _values[i] += (counted * end / rows) - (counted * begin / rows);
        }
    }
}
