using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Metrics;
using Neuralink.Placement;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Reads;

namespace Neuralink.Pipeline.Tests.Fetching;

/// <summary>What Io has read and answers, without a device.</summary>
public sealed class FetchMachineTests
{
    private const int AttemptsMax = 3;

    private readonly LayerCounters _counts = new(layerCount: 3);
    private readonly RecordingEffects _effects = new();

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 4)]
    [InlineData(2, 8)]
    [InlineData(50, 100)]
    public void Every_wanted_slot_is_read_once_into_its_frame_whatever_the_order_of_completions(int gap, int longest)
    {
        for (int seed = 0; seed < 50; seed++)
        {
            Random random = new(seed);
            LayerCounters counts = new(layerCount: 3);
            RecordingEffects effects = new();
            FetchMachine machine = new(Setup(counts, gap, longest, queueDepth: 3), effects);
            FetchBatch[] batches =
            [
                .. Enumerable.Range(0, 3).Select(i => RandomBatch(random, i, i == 1 ? FetchKind.Demand : FetchKind.Prefetch))
            ];
            Dictionary<(long Batch, int Slot), int> wanted = Wanted(batches), read = [];
            foreach (FetchBatch batch in batches)
                machine.Fetch(batch, now: 0);
            int slotsRead = 0;
            while (effects.Out.Count > 0)
            {
                int index = random.Next(effects.Out.Count);
                (int credit, ReadTicket ticket) = effects.Out[index];
                effects.Out.RemoveAt(index);
                bool fails = ticket.Attempt < AttemptsMax && random.Next(4) == 0;
                if (!fails)
                {
                    Record(ticket, read);
                    slotsRead += ticket.Extent.SlotCount;
                }
                machine.Completed(credit, new ReadResult(1, fails ? new IOException("a fault") : null, 0), now: 0);
            }
            effects.Answered.Select(b => b.Id).Should().BeEquivalentTo([0L, 1L, 2L]);
            read.Should().Equal(wanted);
            machine.InFlight.Should().Be(0);
            counts[Counter.Reads].Should().Be(counts[Counter.BytesRead]);
            counts[Counter.BundlesAsked].Should().Be(wanted.Count);
            counts[Counter.BundlesBridged].Should().Be(slotsRead - wanted.Count);
            if (gap == 0)
                counts[Counter.BundlesBridged].Should().Be(0);
        }
    }

    [Fact]
    public void Gaps_are_read_through_until_the_device_proves_bound_by_bandwidth()
    {
        BottleneckDetector detector = new(bytesPerMicroMax: 1000);
        FetchMachine machine = new(Setup(_counts, gap: 2, longest: 8) with { Detector = detector }, _effects);
        long window = (long)BottleneckDetector.WindowMicros;
        ReadAll(Batch(0, FetchKind.Demand, 1, 3, 40), from: 0, to: window).Should().Be(2);
        detector.IsBandwidthBound.Should().BeTrue("2 reads of 30 MB in a window of 50 ms are above the ceiling");
        ReadAll(Batch(1, FetchKind.Demand, 1, 2, 4), from: window, to: window + 7).Should().Be(2);
        (_counts[Counter.Reads], _counts[Counter.BundlesAsked], _counts[Counter.BundlesBridged]).Should().Be((4, 6, 1));
        _counts[Counter.BusyTicks].Should().Be(window + 7);

        int ReadAll(FetchBatch batch, long from, long to)
        {
            machine.Fetch(batch, from);
            int reads = _effects.Out.Count;
            foreach ((int credit, _) in _effects.TakeOut())
                machine.Completed(credit, new ReadResult(30_000_000, null, to), to);
            return reads;
        }
    }

    [Fact]
    public void The_device_is_busy_from_the_first_read_until_nothing_is_out()
    {
        FetchMachine machine = new(Setup(_counts, queueDepth: 2), _effects);
        machine.Fetch(Batch(0, FetchKind.Demand, 1, 3), now: 100);
        long back = 130;
        foreach ((int credit, _) in _effects.TakeOut())
        {
            machine.Completed(credit, new ReadResult(1, null, back), now: back + 5);
            back += 30;
        }
        machine.Fetch(Batch(1, FetchKind.Demand, 1), now: 500);
        machine.Completed(_effects.TakeOut().Single().Credit, new ReadResult(1, null, 510), now: 515);
        _counts[Counter.BusyTicks].Should().Be(60 + 10);
    }

    [Fact]
    public void A_read_is_tried_three_times_and_then_its_batch_fails_once_its_other_reads_are_back()
    {
        FetchMachine machine = new(Setup(_counts, queueDepth: 2), _effects);
        FetchBatch batch = Batch(0, FetchKind.Demand, 1, 3, 5);
        IOException error = new("a fault");
        machine.Fetch(batch, now: 0);
        (int bad, int good) = (_effects.Out[0].Credit, _effects.Out[1].Credit);
        _effects.TakeOut();
        for (int attempt = 2; attempt <= AttemptsMax; attempt++)
        {
            machine.Completed(bad, new ReadResult(0, error, 0), now: 0);
            _effects.TakeOut().Should().ContainSingle().Which.Read.Attempt.Should().Be(attempt);
        }
        machine.Completed(bad, new ReadResult(0, error, 0), now: 0);
        _effects.Out.Should().BeEmpty("what is left of a failed batch is not read");
        _effects.Answered.Should().BeEmpty("a read is still out");
        machine.Completed(good, new ReadResult(1, null, 0), now: 0);
        _effects.Answered.Should().ContainSingle().Which.Should().BeSameAs(batch);
        batch.Error.Should().BeSameAs(error);
        machine.InFlight.Should().Be(0);
        (_counts[Counter.Retries], _counts[Counter.Reads]).Should().Be((2, 4));
    }

    [Fact]
    public void What_a_layer_waits_for_goes_before_what_is_only_predicted()
    {
        FetchMachine machine = new(Setup(_counts, queueDepth: 1), _effects);
        machine.Fetch(Batch(0, FetchKind.Prefetch, 1, 2), now: 0);
        machine.Fetch(Batch(1, FetchKind.Demand, 7, 9), now: 0);
        List<long> order = [];
        while (_effects.Out.Count > 0)
        {
            (int credit, ReadTicket ticket) = _effects.TakeOut().Single();
            order.Add(ticket.Batch.Id);
            machine.Completed(credit, new ReadResult(1, null, 0), now: 0);
        }
        order.Should().Equal(0, 1, 1, 0);
    }

    [Fact]
    public void What_warms_the_cache_up_comes_last_with_half_of_the_reads_in_flight_unless_it_is_hastened()
    {
        FetchMachine machine = new(Setup(_counts, queueDepth: 4), _effects);
        FetchBatch first = Batch(0, FetchKind.WarmUp, 1, 3, 5, 7), second = Batch(1, FetchKind.WarmUp, 11, 13);
        machine.Fetch(first, now: 0);
        machine.Fetch(second, now: 0);
        machine.Fetch(Batch(2, FetchKind.Prefetch, 21), now: 0);
        _effects.Out.Select(o => o.Read.Batch.Id).Should().Equal(0, 0, 2);
        machine.Hasten(second, now: 0);
        _effects.Out.Select(o => o.Read.Batch.Id).Should().Equal(0, 0, 2, 1);
        List<long> order = [];
        while (_effects.Out.Count > 0)
        {
            (int credit, ReadTicket ticket) = _effects.Out[0];
            _effects.Out.RemoveAt(0);
            order.Add(ticket.Batch.Id);
            machine.Completed(credit, new ReadResult(1, null, 0), now: 0);
        }
        order.Should().Equal(0, 0, 2, 1, 1, 0, 0);
        machine.Hasten(first, now: 0);      // too late, which is nobody's fault
        _effects.Out.Should().BeEmpty();
        (_counts[Counter.WarmUpReads], _counts[Counter.WarmUpBytes], _counts[Counter.Reads]).Should().Be((6, 6, 1));
    }

    [Fact]
    public void A_hastened_batch_that_fails_before_its_turn_is_answered_and_read_no_further()
    {
        FetchMachine machine = new(Setup(_counts, queueDepth: 2) with { AttemptsMax = 1 }, _effects);
        FetchBatch warming = Batch(0, FetchKind.WarmUp, 1, 3, 5);
        machine.Fetch(warming, now: 0);
        machine.Fetch(Batch(1, FetchKind.Demand, 21, 23, 25), now: 0);
        machine.Hasten(warming, now: 0);
        (int credit, ReadTicket read) = _effects.Out[0];
        read.Batch.Should().BeSameAs(warming);
        _effects.Out.RemoveAt(0);
        machine.Completed(credit, new ReadResult(0, new IOException("a fault"), 0), now: 0);
        _effects.Answered.Should().Equal(warming);
        warming.Reset(2, new LayerIndex(0), FetchKind.Demand);
        while (_effects.Out.Count > 0)
        {
            foreach ((int c, _) in _effects.TakeOut())
                machine.Completed(c, new ReadResult(1, null, 0), now: 0);
        }
        _effects.Answered.Should().HaveCount(2);
        machine.InFlight.Should().Be(0);
    }

    [Fact]
    public void A_batch_is_used_again()
    {
        FetchBatch batch = Batch(0, FetchKind.Demand, 5, 1);
        FetchMachine machine = new(Setup(_counts) with { AttemptsMax = 1 }, _effects);
        machine.Fetch(batch, now: 0);
        foreach ((int credit, _) in _effects.TakeOut())
            machine.Completed(credit, new ReadResult(0, new IOException("a fault"), 0), now: 0);
        batch.IsDone.Should().BeTrue();
        batch.Reset(1, new LayerIndex(2), FetchKind.Prefetch);
        (batch.Id, batch.Layer, batch.IsDemand, batch.Count, batch.Error, batch.HasNext)
            .Should().Be((1, new LayerIndex(2), false, 0, (Exception?)null, false));
    }

    // A stride of one byte, so that gaps are of slots.
    private static FetchSetup Setup(LayerCounters counts, int gap = 0, int longest = 1, int queueDepth = 8) => new()
    {
        Planner = new ReadPlanner(ReadCost.Linear(gap + 1, 1), strideBytes: 1, longest, slotCount: 64),
        Detector = null,
        AttemptsMax = AttemptsMax,
        QueueDepth = queueDepth,
        Counts = counts,
        MicrosPerTick = 1,
    };

    private static void Record(ReadTicket ticket, Dictionary<(long, int), int> read)
    {
        FetchBatch batch = ticket.Batch;
        int index = ticket.SlotIndex;
        for (int slot = ticket.Extent.First.Value; slot < ticket.Extent.End.Value; slot++)
        {
            if (index < batch.Count && batch.Slots[index].Value == slot)
                read.Add((batch.Id, slot), batch.Frames[index++]);
        }
    }

    private static Dictionary<(long Batch, int Slot), int> Wanted(FetchBatch[] batches)
    {
        Dictionary<(long, int), int> wanted = [];
        foreach (FetchBatch batch in batches)
        {
            for (int i = 0; i < batch.Count; i++)
                wanted.Add((batch.Id, batch.Slots[i].Value), batch.Frames[i]);
        }
        return wanted;
    }

    private static FetchBatch RandomBatch(Random random, long id, FetchKind kind)
    {
        int[] slots = [.. Enumerable.Range(0, 40).Where(_ => random.Next(3) == 0).DefaultIfEmpty(3)];
        random.Shuffle(slots);
        return Batch(id, kind, slots);
    }

    private static FetchBatch Batch(long id, FetchKind kind, params int[] slots)
    {
        FetchBatch batch = new(64);
        batch.Reset(id, new LayerIndex(0), kind);
        foreach (int slot in slots)
            batch.Add(new Slot(slot), frame: 100 + slot);
        return batch;
    }

    private sealed class RecordingEffects : IFetchEffects
    {
        public List<(int Credit, ReadTicket Read)> Out { get; } = [];

        public List<FetchBatch> Answered { get; } = [];

        public List<(int Credit, ReadTicket Read)> TakeOut()
        {
            List<(int, ReadTicket)> taken = [.. Out];
            Out.Clear();
            return taken;
        }

        public void Submit(int credit, ReadTicket read) => Out.Add((credit, read));

        public void Answer(FetchBatch batch) => Answered.Add(batch);
    }
}
