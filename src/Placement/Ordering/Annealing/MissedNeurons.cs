using Neuralink.Placement.Caching;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Ordering.Annealing;

/// <summary>
/// Plays a trace token by token through a cache of the default policy, which is empty at first, and tells which neurons would have to be
/// read. The result does not depend on the order on flash, because each bundle is admitted as if it were read alone.
/// </summary>
internal sealed class MissedNeurons(ActivationMatrix active, double cachedShare)
{
    private readonly CachePolicy _cache =
        CachePolicies.Create(new CacheOptions(), active.NeuronCount, (int)(cachedShare * active.NeuronCount));

    private readonly int[] _neurons = new int[active.NeuronCount];
    private int _token;

    /// <summary>The neurons that the next token wants and the cache does not hold, ascending. Valid until the next call.</summary>
    public ReadOnlySpan<int> Next()
    {
        int missed = 0;
        foreach (int neuron in _neurons.AsSpan(0, active.CopyActive(_token++, _neurons)))
        {
            if (_cache.Holds(neuron))
                _cache.Touch(neuron);
            else
                _neurons[missed++] = neuron;
        }
        ReadOnlySpan<int> misses = _neurons.AsSpan(0, missed);
        foreach (int neuron in misses)
            _cache.Insert(neuron, segmentSlots: 1);
        _cache.EndPass();
        while (_cache.TryExpire(out _))
        {
        }
        return misses;
    }
}
