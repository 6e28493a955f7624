using Neuralink.Pipeline.Metrics;
using Neuralink.Placement;
using Neuralink.Placement.Reads;

namespace Neuralink.Pipeline.Fetching;

/// <summary>What <see cref="FetchMachine"/> has done.</summary>
internal interface IFetchEffects
{
    /// <summary>Has the device read, scattered into the frames of the batch.</summary>
    /// <param name="credit">The read's number; <see cref="FetchMachine.Completed"/> gives it back.</param>
    /// <param name="read">What to read.</param>
    public void Submit(int credit, ReadTicket read);

    /// <summary>
    /// All of a batch is settled; <see cref="FetchBatch.Error"/> says whether it can be used. It is whoever's asked for it.
    /// </summary>
    public void Answer(FetchBatch batch);
}

/// <summary>One read of a batch.</summary>
/// <param name="Batch">Whose.</param>
/// <param name="Extent">The slots read.</param>
/// <param name="SlotIndex">Where in the batch's slots the extent's wanted ones begin.</param>
/// <param name="WantedCount">How many of these there are.</param>
/// <param name="Attempt">1 for the first.</param>
internal readonly record struct ReadTicket(FetchBatch Batch, Extent Extent, int SlotIndex, int WantedCount, int Attempt);

/// <summary>A read that came back.</summary>
/// <param name="Bytes">Bytes that arrived.</param>
/// <param name="Error">Why it cannot be used, or null.</param>
/// <param name="CompletedTimestamp">When the device was done with it, in the clock's ticks.</param>
internal readonly record struct ReadResult(int Bytes, Exception? Error, long CompletedTimestamp);

/// <summary>What a <see cref="FetchMachine"/> is made for.</summary>
internal sealed record FetchSetup
{
    /// <summary>Cuts batches into reads.</summary>
    public required ReadPlanner Planner { get; init; }

    /// <summary>
    /// Is told how fast reads come back, and says whether to read through gaps; null where that is always done as planned.
    /// </summary>
    public required BottleneckDetector? Detector { get; init; }

    /// <summary>Times that a read is tried.</summary>
    public required int AttemptsMax { get; init; }

    /// <summary>Reads in flight at once.</summary>
    public required int QueueDepth { get; init; }

    public required LayerCounters Counts { get; init; }

    /// <summary>The length of the clock's ticks.</summary>
    public required double MicrosPerTick { get; init; }
}

/// <summary>
/// Which read comes next, and what a read that came back means. Batches that a layer waits for go before prefetches; within a kind, first
/// come first served. A read is tried a bounded number of times; a batch is answered when none of its reads is out, and after a failure
/// none is begun.
/// Time comes in with the messages.
/// </summary>
internal sealed class FetchMachine
{
    private readonly FetchSetup _setup;
    private readonly IFetchEffects _effects;
    private readonly Queue<FetchBatch> _demand = new();
    private readonly Queue<FetchBatch> _prefetch = new();
    private readonly ReadTicket[] _reading;      // [credit]
    private readonly Stack<int> _credits = new();
    private long _busySince;
    private long _intervalBytes;
    private int _intervalWanted;

    public FetchMachine(FetchSetup setup, IFetchEffects effects)
    {
        _setup = setup;
        _effects = effects;
        _reading = new ReadTicket[setup.QueueDepth];
        for (int credit = setup.QueueDepth - 1; credit >= 0; credit--)
            _credits.Push(credit);
    }

    /// <summary>Reads that are out.</summary>
    public int InFlight => _reading.Length - _credits.Count;

    /// <summary>Read a batch, which belongs to the machine until it is answered.</summary>
    /// <param name="batch">At least one bundle.</param>
    /// <param name="now">The time, in ticks.</param>
    public void Fetch(FetchBatch batch, long now)
    {
        batch.StartedTimestamp = now;
        batch.Plan(_setup.Planner, bridging: _setup.Detector is null or { IsBandwidthBound: false });
        (batch.IsDemand ? _demand : _prefetch).Enqueue(batch);
        SubmitAll(now);
    }

    /// <summary>The read that a credit stands for. Of one that is out.</summary>
    public ReadTicket Reading(int credit) => _reading[credit];

    /// <summary>A read came back.</summary>
    /// <param name="credit">Which.</param>
    /// <param name="result">How.</param>
    /// <param name="now">The time, in ticks.</param>
    public void Completed(int credit, ReadResult result, long now)
    {
        ReadTicket read = _reading[credit];
        FetchBatch batch = read.Batch;
        if (Settle(read, result) is { } again)
        {
            EndIntervalIfDone(batch, result, out_: InFlight - 1);
            Submit(credit, again, now);
            return;
        }
        _reading[credit] = default;
        _credits.Push(credit);
        EndIntervalIfDone(batch, result, InFlight);
        if (batch.IsDone)
            _effects.Answer(batch);
        SubmitAll(now);
    }

    /// <summary>Counts a read; gives the read to submit again, or null where that is no use or no need.</summary>
    private ReadTicket? Settle(ReadTicket read, ReadResult result)
    {
        LayerIndex layer = read.Batch.Layer;
        _setup.Counts.Add(layer, Counter.Reads);
        _setup.Counts.Add(layer, Counter.BytesRead, result.Bytes);
        _intervalBytes += result.Bytes;
        if (result.Error is not null && read.Attempt < _setup.AttemptsMax && read.Batch.Error is null)
        {
            _setup.Counts.Add(layer, Counter.Retries);
            return read with { Attempt = read.Attempt + 1 };
        }
        if (result.Error is null)
        {
            _setup.Counts.Add(layer, Counter.BundlesAsked, read.WantedCount);
            _setup.Counts.Add(layer, Counter.BundlesBridged, read.Extent.SlotCount - read.WantedCount);
            _intervalWanted += read.WantedCount;
        }
        read.Batch.Finish(result.Error);
        Retire(read.Batch);
        return null;
    }

    private void SubmitAll(long now)
    {
        while (_credits.Count > 0 && (_demand.TryPeek(out FetchBatch? batch) || _prefetch.TryPeek(out batch)))
        {
            (Extent extent, int slotIndex, int wantedCount) = batch.TakeNext();
            Retire(batch);
            Submit(_credits.Pop(), new ReadTicket(batch, extent, slotIndex, wantedCount, Attempt: 1), now);
        }
    }

    private void Submit(int credit, ReadTicket read, long now)
    {
        if (InFlight == 1)
            _busySince = now;
        _reading[credit] = read;
        _effects.Submit(credit, read);
    }

    /// <summary>
    /// The device was busy until a read came back with which a batch is done or nothing is out. Also where reads of other batches go on:
    /// there may always be
    /// some.
    /// </summary>
    private void EndIntervalIfDone(FetchBatch batch, ReadResult result, int out_)
    {
        if (out_ > 0 && !batch.IsDone)
            return;
        long ticks = Math.Max(0, result.CompletedTimestamp - _busySince);
        _busySince += ticks;
        _setup.Counts.Add(batch.Layer, Counter.BusyTicks, ticks);
        _setup.Detector?.Record(_intervalBytes, _intervalWanted, ticks * _setup.MicrosPerTick);
        (_intervalBytes, _intervalWanted) = (0, 0);
    }

    /// <summary>
    /// Drops a batch without further reads from its queue, at whose head it is unless it left before: once answered it is not Io's any
    /// more.
    /// </summary>
    private void Retire(FetchBatch batch)
    {
        Queue<FetchBatch> queue = batch.IsDemand ? _demand : _prefetch;
        if (!batch.HasNext && queue.TryPeek(out FetchBatch? head) && ReferenceEquals(head, batch))
            queue.Dequeue();
    }
}
