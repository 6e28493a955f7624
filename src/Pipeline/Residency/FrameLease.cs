using Neuralink.Placement;

namespace Neuralink.Pipeline.Residency;

/// <summary>
/// The right to read the frames of some neurons of one layer, in ascending neuron order: neuron number k of the lease (its ordinal) lies
/// in Frames[k]. The Cache fills it before it is granted and nobody writes it until it is returned. What is still being read comes in
/// clusters, one for each fetch.
/// </summary>
/// <param name="capacity">The most neurons.</param>
/// <param name="frameCount">Frames there are.</param>
internal sealed class FrameLease(int capacity, int frameCount)
{
    private const int IsHit = -1;

    private readonly int[] _frames = new int[capacity];
    private readonly int[] _neurons = new int[capacity];
    private readonly int[] _ordinalOf = new int[frameCount];  // [frame]
    private readonly int[] _clusterOf = new int[capacity];    // [ordinal], into _fetches, or IsHit
    private readonly int[] _ordinals = new int[capacity];     // hits, then cluster by cluster
    private readonly List<long> _fetches = [];                // what is or was being waited for
    private readonly List<bool> _isSettled = [];              // [fetch]
    private readonly List<int> _clusterEnds = [];             // in _ordinals
    private int _hitCount;
    private int _settledCount;

    public int Count { get; private set; }

    /// <summary>Whether the layer has no neurons beyond these.</summary>
    public bool IsLastWave { get; private set; }

    /// <summary>Neurons of the layer that came in earlier waves.</summary>
    public int EarlierCount { get; private set; }

    /// <summary>The frame of each ordinal.</summary>
    public ReadOnlyMemory<int> Frames => _frames.AsMemory(0, Count);

    /// <summary>The neuron of each ordinal: its number in the layer.</summary>
    public ReadOnlyMemory<int> Neurons => _neurons.AsMemory(0, Count);

    /// <summary>Ordinals readable since the grant: what was resident, and what arrived before it.</summary>
    public ReadOnlyMemory<int> Hits => _ordinals.AsMemory(0, _hitCount);

    /// <summary>Ordinals readable once everything has arrived.</summary>
    public ReadOnlyMemory<int> Rest => _ordinals.AsMemory(_hitCount, Count - _hitCount);

    /// <summary>Whether nothing is being waited for.</summary>
    internal bool IsComplete => _settledCount == _fetches.Count;

    internal void Reset()
    {
        Count = 0;
        EarlierCount = 0;
        _hitCount = 0;
        _settledCount = 0;
        _fetches.Clear();
        _isSettled.Clear();
        _clusterEnds.Clear();
        IsLastWave = false;
    }

    /// <summary>Says which neuron is added next.</summary>
    internal void Announce(NeuronId neuron) => _neurons[Count] = neuron.Value;

    internal void AddHit(int frame)
    {
        _clusterOf[Count] = IsHit;
        _frames[Count++] = frame;
        _hitCount++;
    }

    internal void AddPending(int frame, long fetch)
    {
        _ordinalOf[frame] = Count;
        _clusterOf[Count] = ClusterOf(fetch);
        _frames[Count++] = frame;
    }

    /// <summary>Nothing is added any more.</summary>
    internal void Close(int earlierCount, bool isLastWave)
    {
        (EarlierCount, IsLastWave) = (earlierCount, isLastWave);
        Group();
    }

    /// <summary>Pending frames turn out to come with a fetch of their own.</summary>
    internal void Move(ReadOnlySpan<int> frames, long fetch)
    {
        int cluster = ClusterOf(fetch);
        foreach (int frame in frames)
            _clusterOf[_ordinalOf[frame]] = cluster;
        Group();
    }

    /// <summary>Whether it waits for what a fetch brings, or did.</summary>
    internal bool WaitsFor(long fetch) => _fetches.Contains(fetch);

    /// <summary>A fetch is over.</summary>
    /// <param name="fetch">Which.</param>
    /// <param name="cluster">The ordinals that were waiting for it.</param>
    /// <returns>Whether any was.</returns>
    internal bool Settle(long fetch, out ReadOnlyMemory<int> cluster)
    {
        int index = _fetches.IndexOf(fetch);
        if (index < 0)
        {
            cluster = default;
            return false;
        }
        int begin = index == 0 ? _hitCount : _clusterEnds[index - 1];
        cluster = _ordinals.AsMemory(begin, _clusterEnds[index] - begin);
        _isSettled[index] = true;
        _settledCount++;
        return true;
    }

    /// <summary>Before it is granted: what has arrived is as readable as what was resident.</summary>
    internal void MakeArrivedHits()
    {
        if (_settledCount == 0)
            return;
        for (int ordinal = 0; ordinal < Count; ordinal++)
        {
            if (_clusterOf[ordinal] == IsHit || !_isSettled[_clusterOf[ordinal]])
                continue;
            _clusterOf[ordinal] = IsHit;
            _hitCount++;
        }
        Group();
    }

    /// <summary>Orders the ordinals by cluster, the hits first, and within a cluster ascending.</summary>
    private void Group()
    {
        _clusterEnds.Clear();
        foreach (long _ in _fetches)
            _clusterEnds.Add(0);
        // Where a cluster's next one goes; in the end, its end.
        Span<int> next = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_clusterEnds);
        for (int ordinal = 0; ordinal < Count; ordinal++)
        {
            if (_clusterOf[ordinal] + 1 < next.Length)
                next[_clusterOf[ordinal] + 1]++;
        }
        if (!next.IsEmpty)
            next[0] = _hitCount;
        for (int cluster = 1; cluster < next.Length; cluster++)
            next[cluster] += next[cluster - 1];
        int hits = 0;
        for (int ordinal = 0; ordinal < Count; ordinal++)
        {
            int cluster = _clusterOf[ordinal];
            _ordinals[cluster == IsHit ? hits++ : next[cluster]++] = ordinal;
        }
    }

    private int ClusterOf(long fetch)
    {
        int index = _fetches.IndexOf(fetch);
        if (index >= 0)
            return index;
        _fetches.Add(fetch);
        _isSettled.Add(false);
        return _fetches.Count - 1;
    }
}
