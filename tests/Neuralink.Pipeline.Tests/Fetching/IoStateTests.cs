using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Fetching;
using Neuralink.Placement;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Reads;

namespace Neuralink.Pipeline.Tests.Fetching;

/// <summary>What Io hands out and takes back, without a device.</summary>
public sealed class IoStateTests
{
    private const int AttemptsMax = 3;

    private LayerCounters _counts = new(layerCount: 3);

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
            IoState state = State(gap, longest);
            FetchBatch[] batches = [.. Enumerable.Range(0, 3).Select(i => RandomBatch(random, i, isDemand: i == 1))];
            Dictionary<(long Batch, int Slot), int> wanted = Wanted(batches), read = [];
            foreach (FetchBatch batch in batches)
                state.Enqueue(batch);
            List<ReadTicket> out_ = [];
            int slotsRead = 0;
            while (out_.Count > 0 || state.InFlight > 0 || batches.Any(b => !b.IsDone))
            {
                if (random.Next(2) == 0 && state.TryTake(out ReadTicket? ticket))
                {
                    out_.Add(ticket.Value);
                    continue;
                }
                if (out_.Count == 0)
                    continue;
                int index = random.Next(out_.Count);
                ReadTicket done = out_[index];
                out_.RemoveAt(index);
                Exception? error = done.Attempt < AttemptsMax && random.Next(4) == 0 ? new IOException("a fault") : null;
                if (state.Settle(done, bytes: 1, error) is { } again)
                {
                    again.Attempt.Should().Be(done.Attempt + 1).And.BeLessThanOrEqualTo(AttemptsMax);
                    out_.Add(again);
                    continue;
                }
                Record(done, read);
                slotsRead += done.Extent.SlotCount;
            }
            read.Should().Equal(wanted);
            state.TryTake(out _).Should().BeFalse();
            _counts[Counter.Reads].Should().Be(_counts[Counter.BytesRead]);
            _counts[Counter.BundlesAsked].Should().Be(wanted.Count);
            _counts[Counter.BundlesBridged].Should().Be(slotsRead - wanted.Count);
            if (gap == 0)
                _counts[Counter.BundlesBridged].Should().Be(0);
        }
    }

    [Fact]
    public void Gaps_are_read_through_until_the_device_proves_bound_by_bandwidth()
    {
        BottleneckDetector detector = new(bytesPerMicroMax: 1000);
        IoState state = State(gap: 2, longest: 8, detector: detector);
        for (int i = 0; i < 2; i++)
            ReadAll(Batch(i, isDemand: true, 1, 3)).Should().Be(1);
        state.EndInterval(new LayerIndex(0), ticks: 7, micros: BottleneckDetector.WindowMicros);
        detector.IsBandwidthBound.Should().BeTrue("2 reads of 30 MB in a window of 50 ms are above the ceiling");
        ReadAll(Batch(2, isDemand: true, 1, 2, 4)).Should().Be(2);
        (_counts[Counter.Reads], _counts[Counter.BundlesAsked], _counts[Counter.BundlesBridged], _counts[Counter.BusyTicks]).Should().Be((4, 7, 2, 7));

        int ReadAll(FetchBatch batch)
        {
            int reads = 0;
            state.Enqueue(batch);
            for (; state.TryTake(out ReadTicket? ticket); reads++)
                state.Settle(ticket.Value, bytes: 30_000_000, null).Should().BeNull();
            return reads;
        }
    }

    [Fact]
    public void A_read_is_tried_three_times_and_then_its_batch_fails_once_its_other_reads_are_back()
    {
        IoState state = State();
        FetchBatch batch = Batch(0, isDemand: true, 1, 3, 5);
        state.Enqueue(batch);
        state.TryTake(out ReadTicket? bad).Should().BeTrue();
        state.TryTake(out ReadTicket? good).Should().BeTrue();
        ReadTicket ticket = bad!.Value;
        IOException error = new("a fault");
        for (int attempt = 2; attempt <= AttemptsMax; attempt++)
        {
            ticket = state.Settle(ticket, 0, error)!.Value;
            ticket.Attempt.Should().Be(attempt);
        }
        state.Settle(ticket, 0, error).Should().BeNull();
        batch.IsDone.Should().BeFalse("a read is still out");
        state.TryTake(out _).Should().BeFalse("what is left of a failed batch is not read");
        state.Settle(good!.Value, 1, null).Should().BeNull();
        batch.IsDone.Should().BeTrue();
        batch.Error.Should().BeSameAs(error);
        state.InFlight.Should().Be(0);
        _counts[Counter.Retries].Should().Be(2);
        _counts[Counter.Reads].Should().Be(4);
    }

    [Fact]
    public void What_a_layer_waits_for_goes_before_what_is_only_predicted()
    {
        IoState state = State();
        state.Enqueue(Batch(0, isDemand: false, 1, 2));
        state.TryTake(out ReadTicket? first);
        state.Enqueue(Batch(1, isDemand: true, 7, 9));
        List<long> order = [first!.Value.Batch.Id];
        while (state.TryTake(out ReadTicket? ticket))
            order.Add(ticket.Value.Batch.Id);
        order.Should().Equal(0, 1, 1, 0);
    }

    [Fact]
    public void A_batch_is_used_again()
    {
        FetchBatch batch = Batch(0, isDemand: true, 5, 1);
        IoState state = State(attemptsMax: 1);
        state.Enqueue(batch);
        state.TryTake(out ReadTicket? ticket);
        state.Settle(ticket!.Value, 0, new IOException("a fault"));
        batch.IsDone.Should().BeTrue();
        batch.Reset(1, new LayerIndex(2), isDemand: false);
        (batch.Id, batch.Layer, batch.IsDemand, batch.Count, batch.Error, batch.HasNext).Should().Be((1, new LayerIndex(2), false, 0, (Exception?)null, false));
    }

    // A stride of one byte, so that gaps are of slots.
    private IoState State(int gap = 0, int longest = 1, int attemptsMax = AttemptsMax, BottleneckDetector? detector = null)
    {
        _counts = new LayerCounters(layerCount: 3);
        return new IoState(new ReadPlanner(ReadCost.Linear(gap + 1, 1), strideBytes: 1, longest, slotCount: 64), detector, attemptsMax, _counts);
    }

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

    private static FetchBatch RandomBatch(Random random, long id, bool isDemand)
    {
        int[] slots = [.. Enumerable.Range(0, 40).Where(_ => random.Next(3) == 0).DefaultIfEmpty(3)];
        random.Shuffle(slots);
        return Batch(id, isDemand, slots);
    }

    private static FetchBatch Batch(long id, bool isDemand, params int[] slots)
    {
        FetchBatch batch = new(64);
        batch.Reset(id, new LayerIndex(0), isDemand);
        foreach (int slot in slots)
            batch.Add(new Slot(slot), frame: 100 + slot);
        return batch;
    }
}
