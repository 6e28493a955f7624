using Neuralink.Pipeline.Prediction;
using Neuralink.Placement;
using Neuralink.Placement.Reads;

namespace Neuralink.Pipeline.Fetching;

/// <summary>Why bundles are read, the most urgent first.</summary>
internal enum FetchKind
{
    /// <summary>A layer waits for them.</summary>
    Demand,

    /// <summary>A later layer will probably want them.</summary>
    Prefetch,

    /// <summary>The cache has room for them.</summary>
    WarmUp,
}

/// <summary>
/// Bundles of one layer to be read together, and how far that has come. Made once for the largest set and reused; it has one owner at a
/// time: the Cache fills it, Io reads it, the Cache takes it back.
/// </summary>
internal sealed class FetchBatch(int capacity)
{
    private Slot[] _slots = new Slot[capacity];
    private int[] _keys = new int[capacity];
    private int[] _frames = new int[capacity];
    private Extent[] _extents = new Extent[capacity];
    private int _extentCount;
    private int _nextExtent;
    private int _nextSlot;
    private int _reading;

    /// <summary>Unlike that of any other batch in flight.</summary>
    public long Id { get; private set; }

    public LayerIndex Layer { get; private set; }

    /// <summary>Why it is read.</summary>
    public FetchKind Kind { get; private set; }

    /// <summary>By what its neurons were named, where it is read ahead.</summary>
    public LookaheadRank Rank { get; set; }

    /// <summary>Whether a layer waits for it.</summary>
    public bool IsDemand => Kind == FetchKind.Demand;

    /// <summary>Whether a layer has come to wait for it although it was to warm the cache up. Io's.</summary>
    public bool IsHastened { get; set; }

    public int Count { get; private set; }

    /// <summary>The wanted slots; ascending once planned.</summary>
    public ReadOnlySpan<Slot> Slots => _slots.AsSpan(0, Count);

    /// <summary>The frame for each slot.</summary>
    public ReadOnlySpan<int> Frames => _frames.AsSpan(0, Count);

    /// <summary>The reads that it was cut into.</summary>
    public ReadOnlySpan<Extent> Extents => _extents.AsSpan(0, _extentCount);

    /// <summary>The first error, or null.</summary>
    public Exception? Error { get; private set; }

    /// <summary>When the first read was submitted.</summary>
    public long StartedTimestamp { get; set; }

    /// <summary>Whether every read has been handed out and has come back.</summary>
    public bool IsDone => _reading == 0 && (_nextExtent == _extentCount || Error is not null);

    /// <summary>Whether a read is left to be handed out.</summary>
    public bool HasNext => _nextExtent < _extentCount && Error is null;

    public void Reset(long id, LayerIndex layer, FetchKind kind)
    {
        Id = id;
        Layer = layer;
        Kind = kind;
        Rank = default;
        IsHastened = false;
        Count = 0;
        Error = null;
        StartedTimestamp = 0;
        (_extentCount, _nextExtent, _nextSlot, _reading) = (0, 0, 0, 0);
    }

    public void Add(Slot slot, int frame)
    {
        if (Count == _slots.Length)
            Grow();
        _slots[Count] = slot;
        _frames[Count++] = frame;
    }

    /// <summary>
    /// Only batches that warm the cache up outgrow the largest set of a lease, while the engine has just opened.
    /// </summary>
    private void Grow()
    {
        int length = Math.Max(2 * Count, 16);
        Array.Resize(ref _slots, length);
        Array.Resize(ref _keys, length);
        Array.Resize(ref _frames, length);
        Array.Resize(ref _extents, length);
    }

    /// <summary>Puts the wanted slots in ascending order.</summary>
    public void Sort()
    {
        for (int i = 0; i < Count; i++)
            _keys[i] = _slots[i].Value;
        Array.Sort(_keys, _frames, 0, Count);
        for (int i = 0; i < Count; i++)
            _slots[i] = new Slot(_keys[i]);
    }

    /// <summary>
    /// Moves what stands from <paramref name="index"/> on to <paramref name="other"/>, which is empty; neither is planned yet.
    /// </summary>
    public void MoveTail(int index, FetchBatch other)
    {
        for (int i = index; i < Count; i++)
            other.Add(_slots[i], _frames[i]);
        Count = index;
    }

    /// <summary>Sorts, and cuts into extents; see <see cref="ReadPlanner.Plan"/>.</summary>
    public void Plan(ReadPlanner planner, bool bridging)
    {
        Sort();
        _extentCount = planner.Plan(Slots, bridging, _extents);
    }

    /// <summary>Hands out the next read: its extent, where in <see cref="Slots"/> its wanted slots begin, and how many there are.</summary>
    public (Extent Extent, int SlotIndex, int WantedCount) TakeNext()
    {
        Extent extent = _extents[_nextExtent++];
        int index = _nextSlot;
        while (_nextSlot < Count && _slots[_nextSlot].Value < extent.End.Value)
            _nextSlot++;
        _reading++;
        return (extent, index, _nextSlot - index);
    }

    /// <summary>One read has come back for good.</summary>
    public void Finish(Exception? error)
    {
        _reading--;
        Error ??= error;
    }
}
