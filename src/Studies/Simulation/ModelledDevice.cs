using Neuralink.Pipeline.Fetching;
using Neuralink.Placement.Cost;

namespace Neuralink.Studies.Simulation;

/// <summary>What a simulated device and the processors take for a read, in ticks of the virtual clock.</summary>
internal readonly record struct ReadTicks
{
    /// <summary>From the end of the device's work to its completion.</summary>
    public long Latency { get; init; }

    /// <summary>Processor time of submitting it, on a thread of its own.</summary>
    public long Submit { get; init; }

    /// <summary>Processor time of checking one wanted bundle, on Io's thread.</summary>
    public long CheckBundle { get; init; }
}

/// <summary>
/// A device that serves one read after the other, in the order of submission, each for T(size) of its curve, as
/// <see cref="Storage.Devices.ThrottledDevice"/> does in real time. It sums up what it did.
/// </summary>
internal sealed class ModelledDevice : ISimulatedDevice
{
    /// <summary>Ticks of the virtual clock: nanoseconds.</summary>
    public const double TicksPerMicro = 1000;

    private readonly double[] _micros;       // [slots of a read]
    private readonly int _strideBytes;
    private readonly ReadTicks _ticks;
    private readonly int[] _bytes;           // [credit], of the read in flight
    private readonly bool _isTimed;
    private readonly Action<ReadTicket>? _reading;
    private long _busyUntil;
    private readonly List<(long Time, long Ticks)> _processorWork = [];

    /// <param name="cost">What a read takes.</param>
    /// <param name="strideBytes">Bytes of a bundle.</param>
    /// <param name="extentSlotsMax">The most bundles of a read.</param>
    /// <param name="queueDepth">Reads in flight.</param>
    /// <param name="ticks">What else a read takes.</param>
    /// <param name="isTimed">Whether reads take virtual time; otherwise their cost is summed up only.</param>
    /// <param name="reading">Is told of each read that begins.</param>
    public ModelledDevice(
        ReadCost cost, int strideBytes, int extentSlotsMax, int queueDepth, ReadTicks ticks, bool isTimed,
        Action<ReadTicket>? reading)
    {
        _strideBytes = strideBytes;
        _ticks = ticks;
        _isTimed = isTimed;
        _reading = reading;
        _bytes = new int[queueDepth];
        _micros = new double[extentSlotsMax + 1];
        for (int slots = 1; slots <= extentSlotsMax; slots++)
            _micros[slots] = cost.MicrosOf((long)slots * strideBytes);
    }

    /// <summary>The device's work so far, in microseconds.</summary>
    public double BusyMicros { get; private set; }

    /// <summary>Processor time that reads took before a time, and since this was last asked. What came later is forgotten.</summary>
    public long TakeProcessorTicks(long before = long.MaxValue)
    {
        long ticks = 0;
        foreach ((long time, long work) in _processorWork)
            ticks += time < before ? work : 0;
        _processorWork.Clear();
        return ticks;
    }

    public void Asked(FetchBatch batch)
    {
    }

    public void Answered(FetchBatch batch)
    {
    }

    public long? Begin(int credit, ReadTicket read, long now)
    {
        _reading?.Invoke(read);
        double micros = _micros[read.Extent.SlotCount];
        BusyMicros += micros;
        _processorWork.Add((now, _ticks.Submit));
        _bytes[credit] = read.Extent.SlotCount * _strideBytes;
        if (!_isTimed)
            return now;
        _busyUntil = Math.Max(_busyUntil, now) + (long)(micros * TicksPerMicro);
        return _busyUntil + _ticks.Latency;
    }

    public ReadResult End(int credit, long now) => new(_bytes[credit], Error: null, now);

    public long Check(ReadTicket read, long now)
    {
        long ticks = read.WantedCount * _ticks.CheckBundle;
        _processorWork.Add((now, ticks));
        return ticks;
    }
}
