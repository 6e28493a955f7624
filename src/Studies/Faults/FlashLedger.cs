using Neuralink.Pipeline.Fetching;
using Neuralink.Studies.Simulation;

namespace Neuralink.Studies.Faults;

/// <summary>
/// The device, and what it has put into each frame: every read comes back once, and no frame is read into twice at a time. It outlives
/// pipelines, and goes on reading for those that are gone.
/// </summary>
internal sealed class FlashLedger(Scenario scenario) : ISimulatedDevice
{
    private const int Garbage = -1;

    private readonly int[] _content = [.. Enumerable.Repeat(Garbage, scenario.Limits.FrameCount)];      // [frame], the key of its bundle
    private readonly int[] _readers = new int[scenario.Limits.FrameCount];
    private readonly Reading?[] _reading = new Reading?[scenario.QueueDepth];      // [credit]
    private readonly HashSet<FetchBatch> _batches = [];

    /// <summary>Reads that the device has.</summary>
    public int InFlight { get; private set; }

    /// <summary>The key of the bundle in a frame; or -1.</summary>
    public int ContentOf(int frame) => _content[frame];

    /// <summary>The pipeline is gone; the device is not.</summary>
    public void Forget() => _batches.Clear();

    public void Asked(FetchBatch batch)
    {
        Invariant.Require(batch.Count > 0, "a batch has something to read");
        Invariant.Require(_batches.Add(batch), "a batch has one owner at a time");
    }

    public void Answered(FetchBatch batch)
    {
        Invariant.Require(_batches.Remove(batch), "a batch is answered once");
        if (batch.Error is not null)
            return;
        for (int i = 0; i < batch.Count; i++)
            Invariant.Require(_content[batch.Frames[i]] == KeyAt(batch, i), "each frame has the bundle that it was to be read into for");
    }

    public long? Begin(int credit, ReadTicket read, long now)
    {
        Invariant.Require(_reading[credit] is null, "a credit stands for one read");
        Invariant.Require(++InFlight <= scenario.QueueDepth, "no more reads are in flight than the device takes");
        Invariant.Require(read.WantedCount > 0, "a read has something that is wanted");
        Invariant.Require(read.Attempt <= scenario.AttemptsMax, "a read is tried a bounded number of times");
        bool mayWait = !read.Batch.IsDemand && !read.Batch.IsHastened && read.Attempt == 1;
        Invariant.Require(!mayWait || !_batches.Any(IsWaitedFor), "reads ahead wait for a layer's own");
        List<(int Frame, int Key)> targets = [];
        for (int i = read.SlotIndex; i < read.SlotIndex + read.WantedCount; i++)
            targets.Add((read.Batch.Frames[i], KeyAt(read.Batch, i)));
        foreach ((int frame, _) in targets)
        {
            Invariant.Require(++_readers[frame] == 1, "a frame is read into by one read at a time");
            _content[frame] = Garbage;
        }
        bool fails = scenario.Fails(read.Batch.Layer.Value, read.Extent);
        int bytes = fails && scenario.Random.Next(2) == 0 ? scenario.Random.Next(read.Extent.SlotCount) : read.Extent.SlotCount;
        _reading[credit] = new Reading(targets, bytes, fails ? new IOException("a fault") : null);
        return now + scenario.Latency();
    }

    public ReadResult End(int credit, long now)
    {
        if (_reading[credit] is not { } reading)
            throw new InvalidOperationException($"No read has credit {credit}.");
        _reading[credit] = null;
        InFlight--;
        foreach ((int frame, int key) in reading.Targets)
        {
            _readers[frame]--;
            _content[frame] = reading.Error is null ? key : Garbage;
        }
        return new ReadResult(reading.Bytes, reading.Error, now);
    }

    public long Check(ReadTicket read, long now) => scenario.Work();

    private static bool IsWaitedFor(FetchBatch batch) => batch.IsDemand && batch.HasNext;

    private int KeyAt(FetchBatch batch, int index) =>
        scenario.Keys.Of(batch.Layer, scenario.Placements[batch.Layer.Value].NeuronAt(batch.Slots[index])).Value;

    /// <summary>A read in flight: the frames it fills with bundles, and how it will end.</summary>
    private sealed record Reading(List<(int Frame, int Key)> Targets, int Bytes, Exception? Error);
}
