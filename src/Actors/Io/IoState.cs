namespace Neuralink.Actors.Io;

/// <summary>
/// Which read comes next, and what a read that came back means. Batches that a layer waits for go before prefetches; within a kind, first
/// come first served. A read is tried a bounded number of times.
/// </summary>
public sealed class IoState(int gapSlotsMax, int extentSlotsMax, int attemptsMax)
{
    private readonly Queue<FetchBatch> _demand = new();
    private readonly Queue<FetchBatch> _prefetch = new();

    public IoCounts Counts { get; } = new();

    /// <summary>Reads handed out and not back.</summary>
    public int InFlight { get; private set; }

    public void Enqueue(FetchBatch batch)
    {
        batch.Plan(gapSlotsMax, extentSlotsMax);
        (batch.IsDemand ? _demand : _prefetch).Enqueue(batch);
    }

    /// <summary>Hands out the next read.</summary>
    public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ReadTicket? read)
    {
        if (!_demand.TryPeek(out FetchBatch? batch) && !_prefetch.TryPeek(out batch))
        {
            read = null;
            return false;
        }
        (Placement.Extent extent, int slotIndex) = batch.TakeNext();
        Retire(batch);
        read = new ReadTicket(batch, extent, slotIndex, Attempt: 1);
        InFlight++;
        return true;
    }

    /// <summary>A read came back.</summary>
    /// <param name="read">Which.</param>
    /// <param name="bytes">Bytes that arrived.</param>
    /// <param name="error">Why it cannot be used, or null.</param>
    /// <returns>The read to submit again, or null where that is no use or no need.</returns>
    public ReadTicket? Settle(ReadTicket read, int bytes, Exception? error)
    {
        Counts.Reads++;
        Counts.BytesRead += bytes;
        if (error is not null && read.Attempt < attemptsMax)
        {
            Counts.Retries++;
            return read with { Attempt = read.Attempt + 1 };
        }
        InFlight--;
        read.Batch.Finish(error);
        Retire(read.Batch);
        return null;
    }

    /// <summary>
    /// Drops a batch without further reads from its queue, at whose head it is unless it left before: once answered it is not Io's any more.
    /// </summary>
    private void Retire(FetchBatch batch)
    {
        Queue<FetchBatch> queue = batch.IsDemand ? _demand : _prefetch;
        if (!batch.HasNext && queue.TryPeek(out FetchBatch? head) && ReferenceEquals(head, batch))
            queue.Dequeue();
    }
}

/// <summary>One read of a batch.</summary>
/// <param name="Batch">Whose.</param>
/// <param name="Extent">The slots read.</param>
/// <param name="SlotIndex">Where in the batch's slots the extent's wanted ones begin.</param>
/// <param name="Attempt">1 for the first.</param>
public readonly record struct ReadTicket(FetchBatch Batch, Placement.Extent Extent, int SlotIndex, int Attempt);

/// <summary>What Io has counted since the engine started. Written by Io alone; read between passes.</summary>
public sealed class IoCounts
{
    public long Reads { get; set; }

    public long BytesRead { get; set; }

    public long Retries { get; set; }

    /// <summary>Time during which at least one read was in flight, in the clock's ticks.</summary>
    public long BusyTicks { get; set; }
}
