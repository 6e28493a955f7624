using Neuralink.Placement;

namespace Neuralink.Pipeline.Residency;

/// <summary>What a frame is used for.</summary>
internal enum FrameUse : byte
{
    Free,

    /// <summary>A layer waits for it.</summary>
    LeasedLoading,

    /// <summary>A layer computes with it.</summary>
    Leased,

    /// <summary>A layer waited for it, and its read failed.</summary>
    LeasedFailed,

    PrefetchedLoading,

    /// <summary>Read ahead, and not yet asked for.</summary>
    Prefetched,

    /// <summary>It is being read because the cache has room, and goes to rest when it arrives.</summary>
    WarmingUp,

    /// <summary>At rest between uses, as the policy wants it.</summary>
    Cached,
}

/// <summary>One frame. While it is free, only its use means anything.</summary>
internal struct Frame
{
    public FrameUse Use;

    /// <summary>The neuron whose bundle it holds, or is to hold.</summary>
    public NeuronKey Key;

    /// <summary>The fetch that fills it, while it is loading.</summary>
    public long Fetch;

    /// <summary>Bundles that were read side by side on flash because they were asked for, this one among them.</summary>
    public int SegmentSlots;

    /// <summary>Where it is in the list of prefetched frames, while it is prefetched.</summary>
    public int PrefetchIndex;
}

/// <summary>Which bundle is in which frame, and which frames are free.</summary>
internal sealed class FrameTable
{
    /// <summary>No frame.</summary>
    public const int None = -1;

    private readonly Frame[] _frames;
    private readonly int[] _frameOf;      // [key]
    private readonly int[] _free;

    /// <param name="frameCount">Frames there are.</param>
    /// <param name="keyCount">Neurons there are.</param>
    public FrameTable(int frameCount, int keyCount)
    {
        _frames = new Frame[frameCount];
        _frameOf = new int[keyCount];
        Array.Fill(_frameOf, None);
        _free = new int[frameCount];
        for (int frame = frameCount - 1; frame >= 0; frame--)
            _free[FreeCount++] = frame;
    }

    public int FrameCount => _frames.Length;

    public int FreeCount { get; private set; }

    public ref Frame this[int frame] => ref _frames[frame];

    /// <summary>The frame of a neuron, or <see cref="None"/>.</summary>
    public int FrameOf(NeuronKey key) => _frameOf[key.Value];

    /// <summary>Takes a free frame for a neuron that has none, to be filled by a fetch.</summary>
    public int Take(NeuronKey key, FrameUse use, long fetch)
    {
        if (FreeCount == 0)
            throw new InvalidOperationException("No frame is free although the limits are kept.");
        int frame = _free[--FreeCount];
        _frameOf[key.Value] = frame;
        _frames[frame] = new Frame { Use = use, Key = key, Fetch = fetch };
        return frame;
    }

    public void Free(int frame)
    {
        _frameOf[_frames[frame].Key.Value] = None;
        _frames[frame].Use = FrameUse.Free;
        _free[FreeCount++] = frame;
    }
}

/// <summary>The frames that were read ahead, or are being, in no order.</summary>
internal sealed class PrefetchList(FrameTable frames, int capacity)
{
    private readonly int[] _list = new int[capacity];

    public int Count { get; private set; }

    public int this[int index] => _list[index];

    public void Add(int frame)
    {
        frames[frame].PrefetchIndex = Count;
        _list[Count++] = frame;
    }

    /// <summary>The last one takes its place.</summary>
    public void Remove(int frame)
    {
        int last = _list[--Count], index = frames[frame].PrefetchIndex;
        _list[index] = last;
        frames[last].PrefetchIndex = index;
    }
}
