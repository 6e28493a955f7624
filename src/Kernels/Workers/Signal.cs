namespace Neuralink.Kernels;

/// <summary>
/// One thread's wait for another to change a counter: spins for a moment, then parks. Waiting and waking allocate nothing.
/// </summary>
internal sealed class Signal : IDisposable
{
    // About 20 to 50 microseconds: the gap between two products of a layer, and a fraction of what parking and waking cost in a virtual
    // machine. Longer would take the pipeline's reads their share of a machine with two cores.
    private const int Spins = 100;
    private const int PausesASpin = 10;

    private readonly SemaphoreSlim _wake = new(0);
    private int _parked;

    /// <summary>Returns when <paramref name="counter"/> no longer is <paramref name="value"/>. One thread waits on a signal.</summary>
    public void WaitWhile(ref int counter, int value)
    {
        for (int i = 0; i < Spins; i++)
        {
            if (Volatile.Read(ref counter) != value)
                return;

            Thread.SpinWait(PausesASpin);
        }

        while (true)
        {
            // The full fence of the exchange orders "I am parked" before the look at the counter; Wake's caller writes the counter
            // before it looks at "parked". So one of the two sees the other.
            Interlocked.Exchange(ref _parked, 1);
            bool changed = Volatile.Read(ref counter) != value;
            if (changed && Interlocked.Exchange(ref _parked, 0) == 1)
                return;

            _wake.Wait();
            if (Volatile.Read(ref counter) != value)
                return;
        }
    }

    /// <summary>Wakes the waiting thread if it is parked. Call after the counter has changed.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _parked, 0) == 1)
            _wake.Release();
    }

    public void Dispose() => _wake.Dispose();
}
