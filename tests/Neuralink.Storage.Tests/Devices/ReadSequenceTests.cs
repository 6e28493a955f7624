using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Tests.Devices;

/// <summary>Reads are taken in the order in which they were aimed, whatever order they complete in.</summary>
public sealed class ReadSequenceTests : IDisposable
{
    private const int Stride = 512;

    private readonly NativeArena _arena = new(1 << 16);
    private readonly FrameArena _frames;
    private readonly ManualDevice _device = new();
    private long _aimed;
    private long _end;

    public ReadSequenceTests() => _frames = new FrameArena(_arena, 64, Stride, "frames");

    public void Dispose() => _arena.Dispose();

    [Fact]
    public async Task They_come_in_order_and_as_many_as_were_asked_for_are_in_flight()
    {
        using ReadSequence reads = Sequence(depth: 3, end: 8);
        List<long> taken = [];
        Task taking = Task.Run(() =>
        {
            while (reads.Next() is { } read)
                taken.Add(read.OffsetBytes / Stride);
        });
        foreach (int last in (int[])[2, 4, 7])
        {
            // The youngest first: until the oldest is there, none is taken and so none is submitted.
            FlashRead[] inFlight = _device.Await(read => read.OffsetBytes / Stride == last);
            inFlight.Length.Should().BeLessThanOrEqualTo(3);
            foreach (FlashRead read in inFlight.Reverse())
                _device.Complete(read);
        }
        await taking;
        taken.Should().Equal(0, 1, 2, 3, 4, 5, 6, 7);
        _device.MostInFlight.Should().Be(3);
    }

    [Fact]
    public void A_failed_read_is_handed_out_like_the_others()
    {
        using ReadSequence reads = Sequence(depth: 1, end: 2);
        _device.CompleteAtOnce = read => read.OffsetBytes == 0 ? new IOException("broken") : null;
        reads.Next()!.Error!.Message.Should().Be("broken");
        reads.Next()!.IsComplete.Should().BeTrue();
        reads.Next().Should().BeNull();
    }

    [Fact]
    public void It_goes_on_when_there_is_more_to_aim_at()
    {
        using ReadSequence reads = Sequence(depth: 2, end: 0);
        _device.CompleteAtOnce = _ => null;
        reads.Next().Should().BeNull();
        _end = 3;
        for (int i = 0; i < 3; i++)
            reads.Next()!.OffsetBytes.Should().Be(i * Stride);
        reads.Next().Should().BeNull();
    }

    [Fact]
    public async Task Disposal_waits_for_what_is_in_flight()
    {
        ReadSequence reads = Sequence(depth: 2, end: 2);
        Task<FlashRead?> first = Task.Run(reads.Next);
        FlashRead[] inFlight = _device.Await(read => read.OffsetBytes == Stride);
        _device.Complete(inFlight[0]);
        await first;
        Task disposing = Task.Run(reads.Dispose);
        (await Task.WhenAny(disposing, Task.Delay(50))).Should().NotBe(disposing);
        _device.Complete(inFlight[1]);
        await disposing;
    }

    private ReadSequence Sequence(int depth, long end)
    {
        _end = end;
        return new ReadSequence(_device, _frames, 1, depth, read =>
        {
            if (_aimed == _end)
                return false;
            read.Reset(_aimed * Stride);
            read.Append((int)_aimed++);
            return true;
        });
    }

    /// <summary>Completes reads when it is told to.</summary>
    private sealed class ManualDevice : IFlashDevice
    {
        private readonly List<FlashRead> _inFlight = [];
        private readonly object _gate = new();

        public Func<FlashRead, IOException?>? CompleteAtOnce { get; set; }

        public int MostInFlight { get; private set; }

        public string Description => "manual";

        public long LengthBytes => long.MaxValue;

        public int AlignmentBytes => Stride;

        public int QueueDepth => 4;

        public void Submit(FlashRead read)
        {
            read.Begin(this);
            if (CompleteAtOnce is { } failureOf)
            {
                read.Complete(Stride, failureOf(read), 0, 0);
                return;
            }
            lock (_gate)
            {
                _inFlight.Add(read);
                MostInFlight = Math.Max(MostInFlight, _inFlight.Count);
                Monitor.PulseAll(_gate);
            }
        }

        /// <summary>What is in flight once such a read is.</summary>
        public FlashRead[] Await(Predicate<FlashRead> isThere)
        {
            lock (_gate)
            {
                while (!_inFlight.Exists(isThere))
                {
                    if (!Monitor.Wait(_gate, TimeSpan.FromSeconds(60)))
                        throw new TimeoutException("The read was not submitted.");
                }
                return [.. _inFlight];
            }
        }

        public void Complete(FlashRead read)
        {
            lock (_gate)
                _inFlight.Remove(read);
            read.Complete(Stride, null, 0, 0);
        }

        public void Dispose()
        {
        }
    }
}
