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
/// Which read comes next, and what a read that came back means. Batches that a layer waits for go before prefetches, and these before what
/// warms the cache up, which has few reads in flight; within a kind, first come first served. A read is tried a bounded number of times. A
/// batch is answered when none of its reads is out, and after a failure none is begun. Time comes in with the messages.
/// </summary>
internal sealed class FetchMachine
{
    private readonly FetchSetup _setup;
    private readonly IFetchEffects _effects;
    // At the least this many reads of the largest size in flight have the bandwidth of a disk, and delay a read that is needed little.
    private const int WarmUpReadsMax = 8;

    private readonly Queue<FetchBatch>[] _queues = [new(), new(), new()];      // [kind]
    private readonly int _warmUpReadsMax;
    private readonly ReadTicket[] _reading;      // [credit]
    private readonly Stack<int> _credits = new();
    private long _busySince;
    private long _intervalBytes;
    private int _intervalWanted;
    private int _warmUpReads;

    public FetchMachine(FetchSetup setup, IFetchEffects effects)
    {
        _setup = setup;
        _effects = effects;
        _reading = new ReadTicket[setup.QueueDepth];
        _warmUpReadsMax = Math.Clamp(setup.QueueDepth / 2, 1, WarmUpReadsMax);
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
        QueueOf(batch).Enqueue(batch);
        SubmitAll(now);
    }

    /// <summary>
    /// A layer has come to wait for a batch that warms the cache up: what is left of it goes the way of the batches that layers wait for.
    /// Nothing is done where all of it has been begun, or it is answered already.
    /// </summary>
    public void Hasten(FetchBatch batch, long now)
    {
        if (!Remove(_queues[(int)FetchKind.WarmUp], batch))
            return;
        batch.IsHastened = true;
        QueueOf(batch).Enqueue(batch);
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
        if (batch.Kind == FetchKind.WarmUp)
            _warmUpReads--;
        EndIntervalIfDone(batch, result, InFlight);
        if (batch.IsDone)
            _effects.Answer(batch);
        SubmitAll(now);
    }

    /// <summary>Counts a read; gives the read to submit again, or null where that is no use or no need.</summary>
    private ReadTicket? Settle(ReadTicket read, ReadResult result)
    {
        LayerIndex layer = read.Batch.Layer;
        bool warmsUp = read.Batch.Kind == FetchKind.WarmUp;
        _setup.Counts.Add(layer, warmsUp ? Counter.WarmUpReads : Counter.Reads);
        _setup.Counts.Add(layer, warmsUp ? Counter.WarmUpBytes : Counter.BytesRead, result.Bytes);
        _intervalBytes += result.Bytes;
        if (result.Error is not null && read.Attempt < _setup.AttemptsMax && read.Batch.Error is null)
        {
            _setup.Counts.Add(layer, Counter.Retries);
            return read with { Attempt = read.Attempt + 1 };
        }
        if (result.Error is null)
        {
            if (!warmsUp)
            {
                _setup.Counts.Add(layer, Counter.BundlesAsked, read.WantedCount);
                _setup.Counts.Add(layer, Counter.BundlesBridged, read.Extent.SlotCount - read.WantedCount);
            }
            _intervalWanted += read.WantedCount;
        }
        read.Batch.Finish(result.Error);
        Retire(read.Batch);
        return null;
    }

    private void SubmitAll(long now)
    {
        while (_credits.Count > 0 && NextBatch() is { } batch)
        {
            (Extent extent, int slotIndex, int wantedCount) = batch.TakeNext();
            if (batch.Kind == FetchKind.WarmUp)
                _warmUpReads++;
            Retire(batch);
            Submit(_credits.Pop(), new ReadTicket(batch, extent, slotIndex, wantedCount, Attempt: 1), now);
        }
    }

    private FetchBatch? NextBatch()
    {
        if (_queues[(int)FetchKind.Demand].TryPeek(out FetchBatch? batch) || _queues[(int)FetchKind.Prefetch].TryPeek(out batch))
            return batch;
        return _warmUpReads < _warmUpReadsMax && _queues[(int)FetchKind.WarmUp].TryPeek(out batch) ? batch : null;
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
    /// Drops a batch without further reads from its queue, unless it left before: once answered it is not Io's any more. A batch that
    /// was hastened can fail before its turn has come; any other is at the head.
    /// </summary>
    private void Retire(FetchBatch batch)
    {
        Queue<FetchBatch> queue = QueueOf(batch);
        if (batch.HasNext)
            return;
        if (queue.TryPeek(out FetchBatch? head) && ReferenceEquals(head, batch))
            queue.Dequeue();
        else if (batch.IsHastened)
            Remove(queue, batch);
    }

    private Queue<FetchBatch> QueueOf(FetchBatch batch) => _queues[(int)(batch.IsHastened ? FetchKind.Demand : batch.Kind)];

    private static bool Remove(Queue<FetchBatch> queue, FetchBatch batch)
    {
        bool isFound = false;
        for (int left = queue.Count; left > 0; left--)
        {
            FetchBatch head = queue.Dequeue();
            if (ReferenceEquals(head, batch))
                isFound = true;
            else
                queue.Enqueue(head);
        }
        return isFound;
    }
}
