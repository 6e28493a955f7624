namespace Neuralink.Placement.Evaluation;

/// <summary>
/// Which neurons of one layer a cache of a given size would hold: the second-chance clock of the engine (a use count of up to three, so
/// that a bundle used again outlives those of a single pass), for one layer alone and without frames.
/// </summary>
internal sealed class LayerCache
{
    private const byte UseCountMax = 3;
    private const byte Absent = byte.MaxValue;

    private readonly byte[] _useCount;      // [neurons], Absent where not held
    private readonly int[] _ring;           // [capacity]
    private int _count;
    private int _hand;

    public LayerCache(int neuronCount, int capacity)
    {
        _useCount = new byte[neuronCount];
        Array.Fill(_useCount, Absent);
        _ring = new int[capacity];
    }

    /// <summary>Whether <paramref name="neuron"/> is held; if so, this counts as a use.</summary>
    public bool Touch(int neuron)
    {
        ref byte count = ref _useCount[neuron];
        if (count == Absent)
            return false;
        if (count < UseCountMax)
            count++;
        return true;
    }

    /// <summary>Takes in <paramref name="neuron"/>, which is not held, in place of one that the clock finds unused.</summary>
    public void Add(int neuron)
    {
        if (_ring.Length == 0)
            return;
        int place = _count < _ring.Length ? _count++ : Evict();
        _ring[place] = neuron;
        _useCount[neuron] = 0;
    }

    private int Evict()
    {
        while (_useCount[_ring[_hand]] > 0)
        {
            _useCount[_ring[_hand]]--;
            _hand = (_hand + 1) % _ring.Length;
        }
        int place = _hand;
        _useCount[_ring[place]] = Absent;
        _hand = (_hand + 1) % _ring.Length;
        return place;
    }
}
