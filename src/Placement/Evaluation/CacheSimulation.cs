using Neuralink.Placement.Caching;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Evaluation;

/// <summary>
/// Counts what a cache holds of the wanted neurons, and what has to be read. It plays the traces of a model's layers, token by token and
/// layer by layer, through one cache policy for all layers, as the engine has. Keys are layer x neurons + neuron.
/// </summary>
public sealed class CacheSimulation
{
    private readonly IReadOnlyList<FiringMatrix> _layers;
    private readonly IReadOnlyList<Permutation> _orders;
    private readonly CachePolicy _policy;
    private readonly TokenReads _reads;
    private readonly int _neuronCount;
    private readonly int[] _neurons;        // those that fire in one layer at one token
    private readonly int[] _segments;       // [slots], of the slots that were read: the length of the slot's segment
    private int _token;

    /// <param name="layers">The trace of each layer, all of one width and length.</param>
    /// <param name="orders">The order of each layer.</param>
    /// <param name="policy">The policy, with layers x neurons keys.</param>
    /// <param name="setup">The device. Its cached share is not used: the policy alone decides what is cached.</param>
    public CacheSimulation(
        IReadOnlyList<FiringMatrix> layers, IReadOnlyList<Permutation> orders, CachePolicy policy, EvaluationSetup setup)
    {
        _neuronCount = layers[0].NeuronCount;
        if (layers.Any(l => l.NeuronCount != _neuronCount || l.TokenCount != layers[0].TokenCount))
            throw new ArgumentException("Layers differ in neurons or tokens.", nameof(layers));
        if (orders.Count != layers.Count || orders.Any(o => o.Count != _neuronCount))
            throw new ArgumentException($"{layers.Count} orders of {_neuronCount} neurons expected.", nameof(orders));
        if (policy.KeyCount != layers.Count * _neuronCount)
            throw new ArgumentException($"{layers.Count * _neuronCount} keys expected, {policy.KeyCount} given.", nameof(policy));
        _layers = layers;
        _orders = orders;
        _policy = policy;
        _reads = new TokenReads(_neuronCount, setup);
        _neurons = new int[_neuronCount];
        _segments = new int[_neuronCount];
    }

    /// <summary>Plays the next <paramref name="tokenCount"/> tokens, beginning with what the cache holds now.</summary>
    public CacheTotals Play(int tokenCount)
    {
        CacheTotals totals = default;
        for (; tokenCount > 0; tokenCount--, _token++)
        {
            for (int layer = 0; layer < _layers.Count; layer++)
                totals += PlayLayer(layer);
            _policy.EndPass();
            while (_policy.TryExpire(out _))
            {
            }
        }
        return totals;
    }

    private CacheTotals PlayLayer(int layer)
    {
        int firstKey = layer * _neuronCount, missed = 0;
        Span<int> firing = _neurons.AsSpan(0, _layers[layer].CopyFiring(_token, _neurons));
        int hits = firing.Length;
        foreach (int neuron in firing)
        {
            if (_policy.Holds(firstKey + neuron))
                _policy.Touch(firstKey + neuron);
            else
                firing[missed++] = neuron;
        }
        firing = firing[..missed];
        Permutation order = _orders[layer];
        ReadTotals read = _reads.Plan(firing, order);
        _reads.CopySegments(_segments);
        foreach (int neuron in firing)
            _policy.Insert(firstKey + neuron, _segments[order.SlotOf(new NeuronId(neuron)).Value]);
        return new CacheTotals(hits - missed, read);
    }
}

/// <summary>The sums over some tokens that were played, in bundles.</summary>
/// <param name="Hits">Wanted bundles that the cache held.</param>
/// <param name="Read">The reads of the wanted bundles that it did not hold.</param>
public readonly record struct CacheTotals(long Hits, ReadTotals Read)
{
    /// <summary>Wanted bundles that the cache did not hold.</summary>
    public long Misses => Read.WantedBundles;

    /// <summary>The share of the wanted bundles that the cache held; 0 if none was wanted.</summary>
    public double HitShare => Hits + Misses == 0 ? 0 : (double)Hits / (Hits + Misses);

    public static CacheTotals operator +(CacheTotals a, CacheTotals b) => new(a.Hits + b.Hits, a.Read + b.Read);
}
