namespace Neuralink.Kernels;

/// <summary>
/// One thread's wait for another to change a counter: spins for a moment, then sleeps. Waiting and waking allocate nothing.
/// </summary>
internal sealed class Signal
{
    // About 20 to 50 microseconds: the gap between two products of a layer, and a fraction of what sleeping and waking cost in a virtual
    // machine. Longer would take the pipeline's reads their share of a machine with two cores.
    private const int Spins = 100;
    private const int PausesASpin = 10;

    private readonly Parking _parking = new();
    private bool _isAsleep;

    /// <summary>Whether the waiting thread sleeps, as far as another can tell: it may just begin to, or wake.</summary>
    public bool IsAsleep => Volatile.Read(ref _isAsleep);

    /// <summary>Returns when <paramref name="counter"/> no longer is <paramref name="value"/>. One thread waits on a signal.</summary>
    public void WaitWhile(ref int counter, int value)
    {
        for (int i = 0; i < Spins; i++)
        {
            if (Volatile.Read(ref counter) != value)
                return;

            Thread.SpinWait(PausesASpin);
        }

        Volatile.Write(ref _isAsleep, true);
        while (Volatile.Read(ref counter) == value)
            _parking.Sleep();
        Volatile.Write(ref _isAsleep, false);
    }

    /// <summary>Wakes the waiting thread. Call after the counter has changed.</summary>
    public void Wake() => _parking.Wake();
}
