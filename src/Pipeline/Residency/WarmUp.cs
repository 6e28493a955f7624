using System.Collections;
using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Metrics;
using Neuralink.Placement;
using Neuralink.Placement.Caching;

namespace Neuralink.Pipeline.Residency;

/// <summary>Which bundles fill an empty cache before anybody asks for them.</summary>
/// <param name="Keys">By key: those worth having; no more than the cache holds.</param>
/// <param name="BatchSlots">Bundles that are read together.</param>
internal sealed record WarmUpPlan(BitArray Keys, int BatchSlots)
{
    /// <summary>All bundles of a model.</summary>
    public static WarmUpPlan Everything(NeuronKeys keys, int batchSlots) => new(new BitArray(keys.Count, true), batchSlots);
}

/// <summary>
/// Fills an empty cache in large reads while there is nothing more urgent. Without it each bundle is read when it is first wanted, in the
/// small reads of one layer at a time, although the cache has room for all of them.
/// <para>
/// Layers are filled one after the other, each in the order on flash. What is being read counts against the capacity of the cache from the
/// beginning, so there is always room for it when it arrives.
/// </para>
/// </summary>
internal sealed class WarmUp
{
    private readonly WarmUpPlan? _plan;
    private readonly NeuronKeys _keys;
    private readonly FrameTable _frames;
    private readonly CachePolicy _policy;
    private readonly LayerCounters _counts;
    private readonly int[] _next;      // [layer], the first slot that has not been looked at
    private int _layersLeft;

    /// <param name="plan">What to read; null reads nothing.</param>
    /// <param name="keys">The model's neurons.</param>
    /// <param name="frames">Where bundles go.</param>
    /// <param name="policy">Rules over the cached frames.</param>
    /// <param name="counts">Has the counters of the Cache.</param>
    public WarmUp(WarmUpPlan? plan, NeuronKeys keys, FrameTable frames, CachePolicy policy, LayerCounters counts)
    {
        if (plan is not null && plan.Keys.Count != keys.Count)
            throw new ArgumentException($"{keys.Count} keys expected, {plan.Keys.Count} given.", nameof(plan));
        (_plan, _keys, _frames, _policy, _counts) = (plan, keys, frames, policy, counts);
        _next = new int[keys.LayerCount];
        _layersLeft = plan is null ? 0 : keys.LayerCount;
    }

    /// <summary>Bundles that are being read.</summary>
    public int LoadingCount { get; private set; }

    /// <summary>Whether nothing is left to be begun.</summary>
    public bool IsDone => _layersLeft == 0;

    /// <summary>Whether the cache has no room left, counting what is being read.</summary>
    public bool IsFull => _policy.Count + LoadingCount >= _policy.Capacity;

    /// <summary>
    /// The layer to go on with: the first from <paramref name="layer"/> on, in the order of passes, that is not through. The layer that
    /// was served last is the last to be wanted again, so reads for it delay nothing that is wanted soon.
    /// </summary>
    public LayerIndex NextLayer(LayerIndex layer)
    {
        for (int i = 0; i < _keys.LayerCount; i++)
        {
            int next = (layer.Value + i) % _keys.LayerCount;
            if (_next[next] < _keys.NeuronsPerLayer)
                return new LayerIndex(next);
        }
        throw new InvalidOperationException("Every layer is through.");
    }

    /// <summary>Adds the next bundles of a layer to <paramref name="batch"/>, and none where there are none left.</summary>
    public void AddNext(LayerIndex layer, Permutation placement, FetchBatch batch)
    {
        int slot = _next[layer.Value];
        for (; slot < _keys.NeuronsPerLayer && batch.Count < _plan!.BatchSlots && !IsFull; slot++)
            AddIfMissing(layer, placement, new Slot(slot), batch);
        if (IsFull)
            Stop();
        else
            Advance(layer, slot);
    }

    /// <summary>A bundle is not being read any more: it has arrived, has failed, or a layer waits for it now.</summary>
    public void EndLoading() => LoadingCount--;

    /// <summary>Adds a bundle that is worth having and not there.</summary>
    private void AddIfMissing(LayerIndex layer, Permutation placement, Slot slot, FetchBatch batch)
    {
        NeuronKey key = _keys.Of(layer, placement.NeuronAt(slot));
        if (!_plan!.Keys[key.Value] || _frames.FrameOf(key) != FrameTable.None)
            return;
        batch.Add(slot, _frames.Take(key, FrameUse.WarmingUp, batch.Id));
        _counts.Add(layer, Counter.WarmedUp);
        LoadingCount++;
    }

    private void Advance(LayerIndex layer, int slot)
    {
        if (slot == _keys.NeuronsPerLayer && _next[layer.Value] < slot)
            _layersLeft--;
        _next[layer.Value] = slot;
    }

    private void Stop()
    {
        Array.Fill(_next, _keys.NeuronsPerLayer);
        _layersLeft = 0;
    }
}
