using Neuralink.Placement;

namespace Neuralink.Actors;

/// <summary>
/// Neuron sets to be filled by one actor and returned by another. Grows to what is in use at once, a few sets, and then allocates nothing.
/// </summary>
internal sealed class NeuronSetPool(int capacity)
{
    private readonly Stack<NeuronSet> _idle = new();
    private readonly Lock _gate = new();
    private int _rentedCount;

    /// <summary>Sets that have not been returned.</summary>
    public int RentedCount => Volatile.Read(ref _rentedCount);

    public NeuronSet Rent()
    {
        Interlocked.Increment(ref _rentedCount);
        lock (_gate)
        {
            if (_idle.TryPop(out NeuronSet? set))
                return set;
        }
        return new NeuronSet(capacity);
    }

    public void Return(NeuronSet set)
    {
        Interlocked.Decrement(ref _rentedCount);
        set.Clear();
        lock (_gate)
            _idle.Push(set);
    }
}
