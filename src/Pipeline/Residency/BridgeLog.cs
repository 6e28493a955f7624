using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Metrics;
using Neuralink.Placement;

namespace Neuralink.Pipeline.Residency;

/// <summary>What was read only because it lay in a gap, and dropped; so that it can be counted what keeping it would have saved.</summary>
/// <param name="keys">The model's neurons.</param>
/// <param name="counts">Has the counters of the Cache.</param>
internal sealed class BridgeLog(NeuronKeys keys, LayerCounters counts)
{
    // Wanted within so many passes counts as used later: the window of LLM in a flash (arXiv 2312.11514).
    private const int PassesMax = 5;

    private readonly int[] _at = new int[keys.Count];      // the last pass in which it was bridged
    private int _pass = PassesMax + 1;                   // at a distance from those that never were

    public void EndPass() => _pass++;

    /// <summary>A fetched batch brought the bundles of its extents; those that it had not asked for were bridged.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="placement">The order of its layer.</param>
    public void Note(FetchBatch batch, Permutation placement)
    {
        int next = 0;
        foreach (Extent extent in batch.Extents)
        {
            for (int slot = extent.First.Value; slot < extent.End.Value; slot++)
            {
                if (batch.Slots[next].Value == slot)
                    next = Math.Min(next + 1, batch.Count - 1);
                else
                    _at[keys.Of(batch.Layer, placement.NeuronAt(new Slot(slot))).Value] = _pass;
            }
        }
    }

    /// <summary>A bundle is asked for.</summary>
    public void Read(LayerIndex layer, NeuronKey key)
    {
        if (_pass - _at[key.Value] <= PassesMax)
            counts.Add(layer, Counter.BridgedWantedLater);
        _at[key.Value] = 0;
    }
}
