namespace Neuralink.Actors.Cache;

/// <summary>
/// The right to read the frames of some neurons of one layer, in ascending neuron order: neuron number k of the lease (its ordinal) lies
/// in Frames[k]. The Cache fills it before it is granted and nobody writes it until it is returned.
/// </summary>
public sealed class FrameLease(int capacity)
{
    private readonly int[] _frames = new int[capacity];
    private readonly int[] _ordinals = new int[capacity];     // hits from the front, the rest from the back
    private readonly List<long> _pending = [];
    private int _hitCount;

    public int Count { get; private set; }

    /// <summary>Whether the layer has no neurons beyond these.</summary>
    public bool IsLastWave { get; private set; }

    /// <summary>The frame of each ordinal.</summary>
    public ReadOnlyMemory<int> Frames => _frames.AsMemory(0, Count);

    /// <summary>Ordinals readable since the grant.</summary>
    public ReadOnlyMemory<int> Hits => _ordinals.AsMemory(0, _hitCount);

    /// <summary>Ordinals readable once everything has arrived.</summary>
    public ReadOnlyMemory<int> Rest => _ordinals.AsMemory(capacity - (Count - _hitCount), Count - _hitCount);

    /// <summary>Whether nothing is being waited for.</summary>
    internal bool IsComplete => _pending.Count == 0;

    internal bool HasFailed { get; set; }

    internal void Reset()
    {
        Count = 0;
        _hitCount = 0;
        _pending.Clear();
        IsLastWave = false;
        HasFailed = false;
    }

    internal void AddHit(int frame)
    {
        _ordinals[_hitCount++] = Count;
        _frames[Count++] = frame;
    }

    internal void AddPending(int frame, long fetch)
    {
        _ordinals[capacity - 1 - (Count - _hitCount)] = Count;
        _frames[Count++] = frame;
        if (!_pending.Contains(fetch))
            _pending.Add(fetch);
    }

    internal void Close(bool isLastWave) => IsLastWave = isLastWave;

    /// <summary>Returns whether the lease was waiting for this fetch.</summary>
    internal bool Settle(long fetch) => _pending.Remove(fetch);
}
