using Neuralink.Pipeline.Fetching;
using Neuralink.Placement;
using Neuralink.Storage.Image;
using Neuralink.Studies.Simulation;
using Neuralink.Tests.Support;

namespace Neuralink.Studies.Tests.Simulation;

/// <summary>
/// A simulated device whose reads complete in the order that a real one recorded, each when Io would go on with the read that was recorded
/// next, or when nothing else is left to happen. So a completion comes before or after a batch, as it did then.
/// </summary>
internal sealed class ReplayedDevice(RecordingDevice recorded, FlashImage image, int queueDepth) : ISimulatedDevice
{
    private readonly List<FetchBatch> _batches = [];            // that Io has, in the order in which they came
    private readonly Dictionary<FetchBatch, int> _begun = [];   // reads of a batch that began
    private readonly int[] _numbers = new int[queueDepth];      // [credit], of the read in flight
    private readonly HashSet<int> _inFlight = [];               // credits
    private int _completed;

    /// <summary>The reads that were asked for.</summary>
    public List<(long OffsetBytes, int LengthBytes)> Reads { get; } = [];

    public void Asked(FetchBatch batch)
    {
        _batches.Add(batch);
        _begun[batch] = 0;
    }

    public void Answered(FetchBatch batch) => _batches.Remove(batch);

    public long? Begin(int credit, ReadTicket read, long now)
    {
        _numbers[credit] = Reads.Count;
        _inFlight.Add(credit);
        _begun[read.Batch]++;
        Reads.Add(RangeOf(read.Batch.Layer, read.Extent));
        return null;
    }

    public int? EndsNow(bool isQuiet)
    {
        if (_completed == recorded.Completions.Count)
            return null;
        int number = recorded.Completions[_completed];
        if (number >= Reads.Count)
            return null;
        if (!isQuiet && (Reads.Count == recorded.Reads.Count || Next() != recorded.Reads[Reads.Count]))
            return null;
        return _inFlight.Single(credit => _numbers[credit] == number);
    }

    public ReadResult End(int credit, long now)
    {
        _completed++;
        _inFlight.Remove(credit);
        return new ReadResult(Reads[_numbers[credit]].LengthBytes, Error: null, now);
    }

    public long Check(ReadTicket read, long now) => 0;

    /// <summary>The read that Io would begin if it could: of the first batch that a layer waits for, or else of the first one.</summary>
    private (long OffsetBytes, int LengthBytes)? Next()
    {
        FetchBatch? batch = _batches.FirstOrDefault(b => b.IsDemand && IsWaiting(b)) ?? _batches.FirstOrDefault(IsWaiting);
        return batch is null ? null : RangeOf(batch.Layer, batch.Extents[_begun[batch]]);
    }

    /// <summary>Whether Io has planned it, and has reads of it to begin.</summary>
    private bool IsWaiting(FetchBatch batch) => batch.Extents.Length > 0 && batch.HasNext;

    private (long OffsetBytes, int LengthBytes) RangeOf(LayerIndex layer, Extent extent) =>
        (image.OffsetOf(layer, extent.First), extent.SlotCount * image.StrideBytes);
}
