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
    private readonly Action<FetchBatch> _asked;
    private long _busyUntil;
    private long _processorTicks;

    /// <param name="cost">What a read takes.</param>
    /// <param name="strideBytes">Bytes of a bundle.</param>
    /// <param name="extentSlotsMax">The most bundles of a read.</param>
    /// <param name="queueDepth">Reads in flight.</param>
    /// <param name="ticks">What else a read takes.</param>
    /// <param name="isTimed">Whether reads take virtual time; otherwise their cost is summed up only.</param>
    /// <param name="asked">Is told of each batch that is to be read.</param>
    public ModelledDevice(
        ReadCost cost, int strideBytes, int extentSlotsMax, int queueDepth, ReadTicks ticks, bool isTimed,
        Action<FetchBatch> asked)
    {
        _strideBytes = strideBytes;
        _ticks = ticks;
        _isTimed = isTimed;
        _asked = asked;
        _bytes = new int[queueDepth];
        _micros = new double[extentSlotsMax + 1];
        for (int slots = 1; slots <= extentSlotsMax; slots++)
            _micros[slots] = cost.MicrosOf((long)slots * strideBytes);
    }

    /// <summary>The device's work so far, in microseconds.</summary>
    public double BusyMicros { get; private set; }

    /// <summary>Processor time that reads took since this was last asked.</summary>
    public long TakeProcessorTicks()
    {
        long ticks = _processorTicks;
        _processorTicks = 0;
        return ticks;
    }

    public void Asked(FetchBatch batch) => _asked(batch);

    public void Answered(FetchBatch batch)
    {
    }

    public long Begin(int credit, ReadTicket read, long now)
    {
        double micros = _micros[read.Extent.SlotCount];
        BusyMicros += micros;
        _processorTicks += _ticks.Submit;
        _bytes[credit] = read.Extent.SlotCount * _strideBytes;
        if (!_isTimed)
            return now;
        _busyUntil = Math.Max(_busyUntil, now) + (long)(micros * TicksPerMicro);
        return _busyUntil + _ticks.Latency;
    }

    public ReadResult End(int credit, long now) => new(_bytes[credit], Error: null, now);

    public long Check(ReadTicket read)
    {
        long ticks = read.WantedCount * _ticks.CheckBundle;
        _processorTicks += ticks;
        return ticks;
    }
}
