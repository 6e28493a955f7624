using Neuralink.Pipeline.Fetching;

namespace Neuralink.Pipeline.Tests.Simulation;

/// <summary>
/// The device, and what it has put into each frame: every read comes back once, and no frame is read into twice at a time.
/// </summary>
internal sealed class FlashLedger(Scenario scenario)
{
    private const int Garbage = -1;

    private readonly int[] _content = [.. Enumerable.Repeat(Garbage, scenario.Limits.FrameCount)];      // [frame], the key of its bundle
    private readonly int[] _readers = new int[scenario.Limits.FrameCount];
    private readonly HashSet<FetchBatch> _batches = [];

    /// <summary>Reads that the device has.</summary>
    public int InFlight { get; private set; }

    /// <summary>Batches that Io has.</summary>
    public int BatchCount => _batches.Count;

    /// <summary>The key of the bundle in a frame; or -1.</summary>
    public int ContentOf(int frame) => _content[frame];

    public void Asked(FetchBatch batch)
    {
        batch.Count.Should().BePositive();
        _batches.Add(batch).Should().BeTrue("a batch has one owner at a time");
    }

    public void Answered(FetchBatch batch)
    {
        _batches.Remove(batch).Should().BeTrue("a batch is answered once");
        if (batch.Error is not null)
            return;
        for (int i = 0; i < batch.Count; i++)
            _content[batch.Frames[i]].Should().Be(KeyAt(batch, i), "that is what frame {0} was to be read into for", batch.Frames[i]);
    }

    /// <summary>The pipeline is gone; the device is not.</summary>
    public void Forget() => _batches.Clear();

    /// <summary>A read begins.</summary>
    /// <returns>What happens when it ends, and whether it succeeds.</returns>
    public (Action End, ReadResult Result) Begin(ReadTicket read)
    {
        InFlight++;
        InFlight.Should().BeLessThanOrEqualTo(scenario.QueueDepth);
        List<(int Frame, int Key)> targets = [];
        for (int i = read.SlotIndex; i < read.SlotIndex + read.WantedCount; i++)
            targets.Add((read.Batch.Frames[i], KeyAt(read.Batch, i)));
        targets.Should().HaveCountGreaterThan(0, "a read has something that is wanted");
        foreach ((int frame, _) in targets)
        {
            (++_readers[frame]).Should().Be(1, "frame {0} is being read into already", frame);
            _content[frame] = Garbage;
        }
        bool fails = scenario.Fails(read.Batch.Layer.Value, read.Extent);
        int bytes = fails && scenario.Random.Next(2) == 0 ? scenario.Random.Next(read.Extent.SlotCount) : read.Extent.SlotCount;
        return (End, new ReadResult(bytes, fails ? new IOException("a fault") : null, CompletedTimestamp: 0));

        void End()
        {
            InFlight--;
            foreach ((int frame, int key) in targets)
            {
                _readers[frame]--;
                _content[frame] = fails ? Garbage : key;
            }
        }
    }

    private int KeyAt(FetchBatch batch, int index) =>
        scenario.Keys.Of(batch.Layer, scenario.Placements[batch.Layer.Value].NeuronAt(batch.Slots[index])).Value;
}
