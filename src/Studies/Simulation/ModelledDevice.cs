using Neuralink.Pipeline.Fetching;
using Neuralink.Placement.Cost;
using Neuralink.Studies.Devices;

namespace Neuralink.Studies.Simulation;

/// <summary>What reads take of the processors, in ticks of the virtual clock.</summary>
internal readonly record struct ReadTicks
{
    /// <summary>Of submitting one, on a thread of its own.</summary>
    public long Submit { get; init; }

    /// <summary>Of checking one wanted bundle, on Io's thread.</summary>
    public long CheckBundle { get; init; }
}

/// <summary>What a simulated device takes for a read.</summary>
/// <param name="Cost">Its own work.</param>
/// <param name="Latency">What a read takes beyond it.</param>
/// <param name="QueueDepth">Commands that it takes at once.</param>
internal sealed record DeviceTimes(ReadCost Cost, ReadLatency Latency = default, int QueueDepth = int.MaxValue);

/// <summary>
/// A device that serves one read after the other, in the order of submission, each for T(size) of its curve, as
/// <see cref="Storage.Devices.ThrottledDevice"/> does in real time; a read completes some time later. A read that finds the queue full
/// enters it when the oldest one in it completes. It sums up what it did.
/// </summary>
internal sealed class ModelledDevice : ISimulatedDevice
{
    /// <summary>Ticks of the virtual clock: nanoseconds.</summary>
    public const double TicksPerMicro = 1000;

    private readonly double[] _micros;       // [slots of a read]
    private readonly long[] _latency;        // [slots of a read], in ticks
    private readonly int _strideBytes;
    private readonly ReadTicks _ticks;
    private readonly int[] _bytes;           // [credit], of the read in flight
    private readonly long[] _ends;           // of the last reads, as many as the queue takes: a ring
    private readonly bool _isTimed;
    private readonly Action<ReadTicket>? _reading;
    private int _next;                       // in the ring
    private long _busyUntil;
    private readonly List<(long Time, long Ticks)> _processorWork = [];

    /// <param name="times">What a read takes.</param>
    /// <param name="strideBytes">Bytes of a bundle.</param>
    /// <param name="extentSlotsMax">The most bundles of a read.</param>
    /// <param name="queueDepth">Reads in flight.</param>
    /// <param name="ticks">What a read takes of the processors.</param>
    /// <param name="isTimed">Whether reads take virtual time; otherwise their cost is summed up only.</param>
    /// <param name="reading">Is told of each read that begins.</param>
    public ModelledDevice(
        DeviceTimes times, int strideBytes, int extentSlotsMax, int queueDepth, ReadTicks ticks, bool isTimed, Action<ReadTicket>? reading)
    {
        _strideBytes = strideBytes;
        _ticks = ticks;
        _isTimed = isTimed;
        _reading = reading;
        _bytes = new int[queueDepth];
        _ends = new long[Math.Min(queueDepth, times.QueueDepth)];
        _micros = new double[extentSlotsMax + 1];
        _latency = new long[extentSlotsMax + 1];
        for (int slots = 1; slots <= extentSlotsMax; slots++)
        {
            long bytes = (long)slots * strideBytes;
            _micros[slots] = times.Cost.MicrosOf(bytes);
            _latency[slots] = (long)(times.Latency.MicrosOf(bytes) * TicksPerMicro);
        }
    }

    /// <summary>The device's work so far, in microseconds.</summary>
    public double BusyMicros { get; private set; }

    /// <summary>Is told of each read: its layer, whether a layer waits for it, its bytes, and when the device worked for it.</summary>
    public Action<ReadTicket, long, long>? Served { get; set; }

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
        int slots = read.Extent.SlotCount;
        double micros = _micros[slots];
        BusyMicros += micros;
        _processorWork.Add((now, _ticks.Submit));
        _bytes[credit] = slots * _strideBytes;
        if (!_isTimed)
            return now;
        long start = Math.Max(_busyUntil, Math.Max(now, _ends[_next]));
        _busyUntil = start + (long)(micros * TicksPerMicro);
        Served?.Invoke(read, start, _busyUntil);
        long end = _busyUntil + _latency[slots];
        _ends[_next] = end;
        _next = (_next + 1) % _ends.Length;
        return end;
    }

    public ReadResult End(int credit, long now) => new(_bytes[credit], Error: null, now);

    public long Check(ReadTicket read, long now)
    {
        long ticks = read.WantedCount * _ticks.CheckBundle;
        _processorWork.Add((now, ticks));
        return ticks;
    }
}
