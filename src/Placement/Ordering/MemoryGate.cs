namespace Neuralink.Placement.Ordering;

/// <summary>
/// Lets layers in as their memory fits the bound: first for their traces, then, once those tell how much more is needed, for the work. One is let
/// in whatever it needs where no other works, so that all layers are done in the end.
/// </summary>
internal sealed class MemoryGate(long bytesMax)
{
    private readonly object _lock = new();
    private long _bytes;
    private long _traceBytes;
    private int _entered;
    private int _working;

    /// <summary>Waits until there is room for a trace as large as the last one; alone while there was none yet.</summary>
    /// <returns>The bytes it reserved.</returns>
    public long EnterToLoad()
    {
        lock (_lock)
        {
            while (_entered > 0 && (_traceBytes == 0 || _bytes + _traceBytes > bytesMax))
                Monitor.Wait(_lock);
            _entered++;
            _bytes += _traceBytes;
            return _traceBytes;
        }
    }

    /// <summary>Waits until there is room for the work on a layer whose trace is loaded.</summary>
    /// <param name="reservedBytes">What <see cref="EnterToLoad"/> reserved for the trace.</param>
    /// <param name="traceBytes">Bytes of the trace.</param>
    /// <param name="workBytes">Bytes of trace and work.</param>
    public void EnterToWork(long reservedBytes, long traceBytes, long workBytes)
    {
        lock (_lock)
        {
            _traceBytes = traceBytes;
            _bytes += traceBytes - reservedBytes;
            Monitor.PulseAll(_lock);
            while (_working > 0 && _bytes + workBytes - traceBytes > bytesMax)
                Monitor.Wait(_lock);
            _working++;
            _bytes += workBytes - traceBytes;
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
