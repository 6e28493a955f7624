using System.Collections.Concurrent;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Tests.Devices;

/// <summary>Runs by itself: one test counts the process's allocations.</summary>
[CollectionDefinition(nameof(FlashDeviceContract), DisableParallelization = true)]
public sealed class FlashDeviceCollection;

/// <summary>What every device does, whatever it reads from.</summary>
[Collection(nameof(FlashDeviceContract))]
public abstract class FlashDeviceContract : IDisposable
{
    protected const int Stride = 1536;
    protected const int QueueDepth = 8;
    private const int FrameCount = 64;
    private const int SegmentsMax = 40;

    // Not a whole number of strides, but of sectors, as every image is.
    private static readonly byte[] s_content = RandomBytes((Stride * 500) + 512);

    private readonly NativeArena _memory = new(1 << 20);
    private readonly FrameArena _frames;
    private readonly CompletionCounter _completions = new();
    private IFlashDevice? _opened;

    protected FlashDeviceContract()
    {
        _frames = new FrameArena(_memory, FrameCount, Stride, "frames");
    }

    private IFlashDevice Device => _opened ??= Open(s_content, QueueDepth);

    protected abstract IFlashDevice Open(byte[] content, int queueDepth);

    public void Dispose()
    {
        _opened?.Dispose();
        DisposeMore();
        _memory.Dispose();
        _completions.Dispose();
        GC.SuppressFinalize(this);
    }

    protected virtual void DisposeMore()
    {
    }

    [Fact]
    public void Says_what_it_is()
    {
        Device.LengthBytes.Should().Be(s_content.Length);
        Device.QueueDepth.Should().Be(QueueDepth);
        Device.AlignmentBytes.Should().Be(512);
        Device.Description.Should().NotBeEmpty();
    }

    [Fact]
    public void Random_reads_scatter_what_is_there_and_discard_what_nobody_wants()
    {
        Random random = new(7);
        FlashRead read = NewRead();
        for (int round = 0; round < 200; round++)
        {
            Fill(read, random);
            Device.Submit(read);
            _completions.Wait();
            ShouldHoldContent(read);
        }
    }

    [Fact]
    public void As_many_reads_as_the_queue_is_deep_run_at_once()
    {
        FlashRead[] reads = Enumerable.Range(0, QueueDepth).Select(_ => NewRead()).ToArray();
        for (int round = 0; round < 100; round++)
        {
            for (int i = 0; i < QueueDepth; i++)
            {
                reads[i].Reset(512L * ((round * 13) + (i * 17)));
                for (int segment = 0; segment < FrameCount / QueueDepth; segment++)
                    reads[i].Append((i * FrameCount / QueueDepth) + segment);
                Device.Submit(reads[i]);
            }

            _completions.Wait(QueueDepth);
            foreach (FlashRead read in reads)
                ShouldHoldContent(read);
        }

        _completions.Count.Should().Be(100 * QueueDepth);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(512, 512)]
    [InlineData(512 + Stride, 512 + Stride)]
    [InlineData(1024 + Stride, 1024 + Stride)]
    public void A_read_across_the_end_comes_back_short(int beforeEnd, int expectedBytes)
    {
        FlashRead read = NewRead();
        read.Reset(s_content.Length - beforeEnd);
        read.Append(3);
        read.Append(9);
        read.Append(4);
        Device.Submit(read);
        _completions.Wait();

        read.Error.Should().BeNull();
        read.IsComplete.Should().BeFalse();
        read.BytesTransferred.Should().Be(expectedBytes);
        Arrived(read).Should().Equal(s_content[^beforeEnd..]);
    }

    [Fact]
    public void A_read_far_behind_the_end_comes_back_empty()
    {
        FlashRead read = NewRead();
        read.Reset(1L << 40);
        read.Append(0);
        Device.Submit(read);
        _completions.Wait();

        (read.Error, read.BytesTransferred).Should().Be((null, 0));
    }

    [Fact]
    public void Reads_that_noDevice_can_do_are_refused_and_usable_afterwards()
    {
        FlashRead read = NewRead();
        read.Reset(0);
        Device.Invoking(it => it.Submit(read)).Should().Throw<InvalidOperationException>("it is empty");
        read.Reset(256);
        read.Append(0);
        Device.Invoking(it => it.Submit(read)).Should().Throw<InvalidOperationException>("it is misaligned");

        read.Reset(512);
        read.Append(0);
        Device.Submit(read);
        _completions.Wait();
        ShouldHoldContent(read);
    }

    [Fact]
    public void A_completion_may_submit_the_read_again()
    {
        using SemaphoreSlim done = new(0);
        ConcurrentQueue<string> complaints = new();
        int left = 50;
        Resubmitter sink = new(read =>
        {
            if (!read.IsComplete || read.IsInFlight)
                complaints.Enqueue($"{left} left");
            if (--left == 0)
                done.Release();
            else
                Device.Submit(read);
        });
        FlashRead again = new(_frames, SegmentsMax, sink);
        again.Reset(0);
        again.Append(0);
        Device.Submit(again);

        done.Wait(TimeSpan.FromSeconds(60)).Should().BeTrue();
        complaints.Should().BeEmpty();
    }

    [Fact]
    public void Disposal_waits_for_the_reads_in_flight_and_ends_submission()
    {
        FlashRead[] reads = Enumerable.Range(0, QueueDepth).Select(_ => NewRead()).ToArray();
        Random random = new(3);
        foreach (FlashRead read in reads)
        {
            Fill(read, random, firstFrame: Array.IndexOf(reads, read) * 8, frameCount: 8);
            Device.Submit(read);
        }

        Device.Dispose();
        _completions.Count.Should().Be(QueueDepth);
        foreach (FlashRead read in reads)
            ShouldHoldContent(read);
        Device.Invoking(it => it.Submit(reads[0])).Should().Throw<ObjectDisposedException>();
        Device.Invoking(it => it.Dispose()).Should().NotThrow();
    }

    [Fact]
    public void Reads_are_timed()
    {
        FlashRead read = NewRead();
        Fill(read, new Random(1));
        long before = TimeProvider.System.GetTimestamp();
        Device.Submit(read);
        _completions.Wait();

        read.StartedTimestamp.Should().BeGreaterThanOrEqualTo(before);
        read.CompletedTimestamp.Should().BeGreaterThanOrEqualTo(read.StartedTimestamp)
            .And.BeLessThanOrEqualTo(TimeProvider.System.GetTimestamp());
    }

    [Fact]
    public void Reads_allocate_nothing()
    {
        const int ReadCount = 2000;

        // Half of the smallest object a read. What else happens in the process, above all reporting the test before
        // this one, is over after a while.
        const int BytesPerReadMax = 12;
        FlashRead read = NewRead();
        Fill(read, new Random(5));
        Submit(500);
        long allocated = Enumerable.Range(0, 3).Min(_ => Allocated());

        allocated.Should().BeLessThan(ReadCount * BytesPerReadMax);

        long Allocated()
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            Submit(ReadCount);
            return GC.GetTotalAllocatedBytes(precise: true) - before;
        }

        void Submit(int count)
        {
            for (int i = 0; i < count; i++)
            {
                Device.Submit(read);
                _completions.Wait();
            }
        }
    }

    private static byte[] RandomBytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(11).NextBytes(bytes);
        return bytes;
    }

    private FlashRead NewRead() => new(_frames, SegmentsMax, _completions);

    // An extent inside the content, to distinct frames in a random order, runs of neighbours among them, some strides discarded.
    private static void Fill(FlashRead read, Random random, int firstFrame = 0, int frameCount = FrameCount)
    {
        int segments = random.Next(1, Math.Min(SegmentsMax, frameCount) + 1);
        read.Reset(512L * random.Next(0, ((s_content.Length - (segments * Stride)) / 512) + 1));
        int[] frames = Enumerable.Range(firstFrame, frameCount).ToArray();
        if (random.Next(2) == 0)
            random.Shuffle(frames);
        for (int i = 0; i < segments; i++)
            read.Append(random.Next(4) == 0 ? FrameArena.Discard : frames[i]);
    }

    private static byte[] Arrived(FlashRead read)
    {
        IEnumerable<byte> bytes = read.Frames.ToArray().SelectMany(frame => read.Arena.Target(frame).ToArray());
        return bytes.Take(read.BytesTransferred).ToArray();
    }

    private static void ShouldHoldContent(FlashRead read)
    {
        read.Error.Should().BeNull();
        read.IsComplete.Should().BeTrue();
        read.IsInFlight.Should().BeFalse();
        for (int i = 0; i < read.SegmentCount; i++)
        {
            int frame = read.Frames[i];
            if (frame != FrameArena.Discard)
            {
                read.Arena.Frame(frame).SequenceEqual(s_content.AsSpan((int)read.OffsetBytes + (i * Stride), Stride))
                    .Should().BeTrue($"segment {i} of {read.SegmentCount}");
            }
        }
    }

    private sealed class Resubmitter(Action<FlashRead> completed) : IFlashCompletionSink
    {
        public void Completed(FlashRead read) => completed(read);
    }
}
