using Neuralink.Pipeline.Metrics;
using Neuralink.Placement;
using Neuralink.Placement.Reads;

namespace Neuralink.Pipeline.Fetching;

/// <summary>
/// Which read comes next, and what a read that came back means. Batches that a layer waits for go before prefetches; within a kind, first
/// come first served. Gaps are read through unless <paramref name="detector"/> says that this does not pay. A read is tried a bounded number of times.
/// </summary>
/// <param name="planner">Cuts batches into reads.</param>
/// <param name="detector">Is told how fast reads come back; null where gaps are always read through as planned.</param>
/// <param name="attemptsMax">Times that a read is tried.</param>
/// <param name="counts">Has the counters of Io.</param>
internal sealed class IoState(ReadPlanner planner, BottleneckDetector? detector, int attemptsMax, LayerCounters counts)
{
    private readonly Queue<FetchBatch> _demand = new();
    private readonly Queue<FetchBatch> _prefetch = new();
    private long _intervalBytes;
    private int _intervalWanted;

    /// <summary>Reads handed out and not back.</summary>
    public int InFlight { get; private set; }

    public void Enqueue(FetchBatch batch)
    {
        batch.Plan(planner, bridging: detector is null or { IsBandwidthBound: false });
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
        (Extent extent, int slotIndex, int wantedCount) = batch.TakeNext();
        Retire(batch);
        read = new ReadTicket(batch, extent, slotIndex, wantedCount, Attempt: 1);
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
        LayerIndex layer = read.Batch.Layer;
        counts.Add(layer, Counter.Reads);
        counts.Add(layer, Counter.BytesRead, bytes);
        _intervalBytes += bytes;
        if (error is not null && read.Attempt < attemptsMax && read.Batch.Error is null)
        {
            counts.Add(layer, Counter.Retries);
            return read with { Attempt = read.Attempt + 1 };
        }
        if (error is null)
        {
            counts.Add(layer, Counter.BundlesAsked, read.WantedCount);
            counts.Add(layer, Counter.BundlesBridged, read.Extent.SlotCount - read.WantedCount);
            _intervalWanted += read.WantedCount;
        }
        InFlight--;
        read.Batch.Finish(error);
        Retire(read.Batch);
        return null;
    }

    /// <summary>The device was busy, since the last call or since it had nothing to do, with what has been settled since then.</summary>
    /// <param name="layer">Whose read ended it.</param>
    /// <param name="ticks">How long, in the clock's ticks.</param>
    /// <param name="micros">The same in microseconds.</param>
    public void EndInterval(LayerIndex layer, long ticks, double micros)
    {
        counts.Add(layer, Counter.BusyTicks, ticks);
        detector?.Record(_intervalBytes, _intervalWanted, micros);
        (_intervalBytes, _intervalWanted) = (0, 0);
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
/// <param name="WantedCount">How many of these there are.</param>
/// <param name="Attempt">1 for the first.</param>
internal readonly record struct ReadTicket(FetchBatch Batch, Extent Extent, int SlotIndex, int WantedCount, int Attempt);
