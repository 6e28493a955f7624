using System.Runtime.InteropServices;
using Neuralink.Placement;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Reads;
using Neuralink.Placement.Synthetic;
using Neuralink.Placement.Traces;

namespace Neuralink.Studies.Planning;

/// <summary>
/// Plays tokens, layer by layer, through the engine's own cache policy and read planner. Where layers are read ahead, chance says which of the missing neurons the
/// lookahead finds, and which others it takes for firing: some that fire at another token.
/// </summary>
internal sealed class ReadPlay
{
    private readonly FiringForecast _firing;
    private readonly IReadOnlyList<Permutation> _orders;
    private readonly CachePolicy _policy;
    private readonly ReadPlanner _planner;
    private readonly int _strideBytes;
    private readonly ReadCost _device;
    private readonly LookaheadQuality? _lookahead;
    private readonly int[] _neurons;            // of one layer and token
    private readonly int[] _others;             // of another token
    private readonly List<int> _demanded = [];
    private readonly List<int> _ahead = [];
    private readonly bool[] _isVain;            // [neurons], taken in vain so far
    private readonly int[] _segments;           // [slots], where missing: the length of its segment
    private readonly int[] _sorted;
    private readonly Slot[] _wanted;
    private readonly Extent[] _extents;
    private SplitMix64 _random = new(seed: 1);

    public ReadPlay(
        FiringForecast firing, IReadOnlyList<Permutation> orders, CachePolicy policy, int strideBytes, EngineOptions options, LookaheadQuality lookahead, ReadCost device)
    {
        int neurons = firing.Layers[0].NeuronCount;
        _firing = firing;
        (Demanded, Ahead) = (new ReadSum[orders.Count], new ReadSum[orders.Count]);
        _orders = orders;
        _policy = policy;
        _planner = new ReadPlanner(options.PlannedReadCost, strideBytes, options.ExtentSlotsMax(strideBytes), neurons);
        _strideBytes = strideBytes;
        _device = device;
        _lookahead = StrategySwitches.Of(options.Strategy).ReadsAhead ? lookahead : null;
        (_neurons, _others, _segments, _sorted) = (new int[neurons], new int[neurons], new int[neurons], new int[neurons]);
        (_wanted, _extents, _isVain) = (new Slot[neurons], new Extent[neurons], new bool[neurons]);
    }

    public long Hits { get; private set; }

    public long Missed { get; private set; }

    /// <summary>What each layer demands.</summary>
    public ReadSum[] Demanded { get; }

    /// <summary>What is read ahead for each layer, in vain too.</summary>
    public ReadSum[] Ahead { get; }

    /// <summary>Counts from here on, with the cache as it is.</summary>
    public void ForgetSums()
    {
        (Hits, Missed) = (0, 0);
        Array.Clear(Demanded);
        Array.Clear(Ahead);
    }

    /// <summary>Plays a token through all layers.</summary>
    public void PlayToken(int token)
    {
        for (int layer = 0; layer < _orders.Count; layer++)
            PlayLayer(layer, token);
        _policy.EndPass();
        while (_policy.TryExpire(out _))
        {
        }
    }

    private void PlayLayer(int layer, int token)
    {
        FiringMatrix rows = _firing.Layers[layer];
        int firstKey = layer * rows.NeuronCount, missed = 0, firing = rows.CopyFiring(token, _neurons);
        for (int i = 0; i < firing; i++)
        {
            if (_policy.Holds(firstKey + _neurons[i]))
                _policy.Touch(firstKey + _neurons[i]);
            else
                _neurons[missed++] = _neurons[i];
        }
        Hits += firing - missed;
        Missed += missed;
        ReadOnlySpan<int> missing = _neurons.AsSpan(0, missed);
        Divide(missing, layer, token, firstKey);
        Permutation order = _orders[layer];
        Demanded[layer] += Plan(_demanded, order);
        Ahead[layer] += Plan(_ahead, order);

        FindSegments(missing, order);
        foreach (int neuron in missing)
            _policy.Insert(firstKey + neuron, _segments[order.SlotOf(new NeuronId(neuron)).Value]);
    }

    /// <summary>What of a layer's missing neurons is demanded, and what is read ahead.</summary>
    private void Divide(ReadOnlySpan<int> missing, int layer, int token, int firstKey)
    {
        _demanded.Clear();
        _ahead.Clear();
        foreach (int neuron in missing)
            (_lookahead is { } quality && _random.NextDouble() < quality.Found ? _ahead : _demanded).Add(neuron);
        if (_lookahead is not { VainShare: > 0 } lookahead)
            return;

        FiringMatrix rows = _firing.Layers[layer];
        double vain = lookahead.VainShare * missing.Length;
        for (int attempt = 0; attempt < 4 && vain >= 1; attempt++)
        {
            int count = rows.CopyFiring(_random.NextInteger(rows.TokenCount), _others);
            for (int i = 0; i < count && vain >= 1; i++)
            {
                int neuron = _others[i];
                if (rows.Fires(token, new NeuronId(neuron)) || _policy.Holds(firstKey + neuron) || _isVain[neuron])
                    continue;
                _isVain[neuron] = true;
                _ahead.Add(neuron);
                vain--;
            }
        }
        foreach (int neuron in _ahead)
            _isVain[neuron] = false;
    }

    private ReadSum Plan(List<int> neurons, Permutation order)
    {
        if (neurons.Count == 0)
            return default;
        ReadOnlySpan<int> slots = Sort(CollectionsMarshal.AsSpan(neurons), order);
        for (int i = 0; i < slots.Length; i++)
            _wanted[i] = new Slot(slots[i]);
        int reads = _planner.Plan(_wanted.AsSpan(0, slots.Length), bridging: true, _extents);
        long bundles = 0;
        double micros = 0;
        foreach (Extent extent in _extents.AsSpan(0, reads))
        {
            bundles += extent.SlotCount;
            micros += _device.MicrosOf((long)extent.SlotCount * _strideBytes);
        }
        return new ReadSum(reads, bundles, micros / 1000);
    }

    private void FindSegments(ReadOnlySpan<int> missing, Permutation order)
    {
        ReadOnlySpan<int> slots = Sort(missing, order);
        for (int begin = 0, end; begin < slots.Length; begin = end)
        {
            end = begin + 1;
            while (end < slots.Length && slots[end] == slots[begin] + end - begin)
                end++;
            _segments.AsSpan(slots[begin], end - begin).Fill(end - begin);
        }
    }

    private ReadOnlySpan<int> Sort(ReadOnlySpan<int> neurons, Permutation order)
    {
        for (int i = 0; i < neurons.Length; i++)
            _sorted[i] = order.SlotOf(new NeuronId(neurons[i])).Value;
        Span<int> slots = _sorted.AsSpan(0, neurons.Length);
        slots.Sort();
        return slots;
    }
}
