using Neuralink.Pipeline.Fetching;
using Neuralink.Placement;

namespace Neuralink.Pipeline.Residency;

/// <summary>
/// What to read ahead where every neuron of every layer is wanted, pass after pass: what comes next in the order on flash, from the layer
/// that is served on, around the last layer to the first. It never comes round to the layer that is served.
/// </summary>
/// <param name="layerCount">Layers of the model.</param>
/// <param name="placementOf">The order of a layer's neurons on flash.</param>
/// <param name="batchSlots">Bundles that are read, and arrive, together.</param>
internal sealed class ScanAhead(int layerCount, Func<LayerIndex, Permutation> placementOf, int batchSlots)
{
    private LayerIndex _served;
    private int _layersAhead;      // of the served one, to where the next read begins
    private int _slot;             // ... and in that layer

    /// <summary>A layer is served. Not the one that follows the last: a new text begins.</summary>
    public void Serve(LayerIndex layer)
    {
        bool isNext = layer.Value == (_served.Value + 1) % layerCount && _layersAhead > 0;
        (_layersAhead, _slot) = isNext ? (_layersAhead - 1, _slot) : (0, 0);
        _served = layer;
    }

    /// <summary>The first neurons of the served layer are leased, and what they lack is read.</summary>
    /// <param name="count">How many.</param>
    public void Take(int count)
    {
        if (_layersAhead == 0)
            _slot = Math.Max(_slot, count);
    }

    /// <summary>Adds the next bundles that are not there to <paramref name="batch"/>.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool AddNext(CacheState cache, FetchBatch batch)
    {
        LayerIndex layer = LayerOfNext;
        Permutation placement = placementOf(layer);
        int end = Math.Min(_slot + batchSlots, placement.Count), reached = cache.ReadAhead(layer, placement, _slot, end, batch);
        bool hasRoom = reached == end;
        _slot = reached;
        if (_slot == placement.Count && _layersAhead < layerCount - 1)
            (_layersAhead, _slot) = (_layersAhead + 1, 0);
        return hasRoom && _slot < placement.Count;
    }

    /// <summary>The layer that <see cref="AddNext"/> goes on with.</summary>
    public LayerIndex LayerOfNext => new((_served.Value + _layersAhead) % layerCount);
}
