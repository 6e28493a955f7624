namespace Neuralink.Placement.Ordering;

/// <summary>
/// Admits layers as long as their memory fits the bound. Until a layer's trace is loaded, the layer is assumed to need as much as the last
/// one did. If no other layer is at work, a layer is admitted whatever it needs, so that all layers are done in the end.
/// </summary>
internal sealed class MemoryGate(long bytesMax)
{
    private readonly object _lock = new();
    private long _bytes;
    private long _lastBytes;
    private int _entered;
    private int _working;

    /// <summary>Waits until there is room for a layer like the last one. The first layer loads alone.</summary>
    /// <returns>The bytes that are reserved for the layer.</returns>
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
    /// <param name="reservedBytes">The bytes that <see cref="EnterToLoad"/> reserved.</param>
    /// <param name="bytes">The bytes of the trace and of the work on it.</param>
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

    /// <summary>Gives back what was reserved for a layer.</summary>
    /// <param name="bytes">The bytes that the layer's last step reserved.</param>
    /// <param name="worked">Whether that step was <see cref="EnterToWork"/>.</param>
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
