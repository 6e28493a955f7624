namespace Neuralink.Placement.Ordering;

/// <summary>
/// Lets layers in as their memory fits the bound: a layer is taken to need what the last one did until its trace is loaded and tells. One is let in
/// whatever it needs where no other works, so that all layers are done in the end.
/// </summary>
internal sealed class MemoryGate(long bytesMax)
{
    private readonly object _lock = new();
    private long _bytes;
    private long _lastBytes;
    private int _entered;
    private int _working;

    /// <summary>Waits until there is room for a layer like the last one; alone while there was none yet.</summary>
    /// <returns>The bytes it reserved.</returns>
    public long EnterToLoad()
    {
        lock (_lock)
        {
            while (_entered > 0 && (_lastBytes == 0 || _bytes + _lastBytes > bytesMax))
                Monitor.Wait(_lock);
            _entered++;
            _bytes += _lastBytes;
            return _lastBytes;
        }
    }

    /// <summary>Waits until there is room for the work on a layer whose trace is loaded.</summary>
    /// <param name="reservedBytes">What <see cref="EnterToLoad"/> reserved.</param>
    /// <param name="bytes">Bytes of trace and work.</param>
    public void EnterToWork(long reservedBytes, long bytes)
    {
        lock (_lock)
        {
            _lastBytes = bytes;
            Monitor.PulseAll(_lock);
            while (_working > 0 && _bytes - reservedBytes + bytes > bytesMax)
                Monitor.Wait(_lock);
            _working++;
            _bytes += bytes - reservedBytes;
        }
    }

    /// <summary>Gives back what was reserved.</summary>
    /// <param name="bytes">By the step that came last.</param>
    /// <param name="worked">Whether the layer had entered to work.</param>
    public void Leave(long bytes, bool worked)
    {
        lock (_lock)
        {
            _bytes -= bytes;
            _entered--;
            _working -= worked ? 1 : 0;
            Monitor.PulseAll(_lock);
        }
    }
}
