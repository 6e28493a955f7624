using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Tests.Devices;

public sealed class ThreadedFlashDeviceTests : IDisposable
{
    private readonly NativeArena _memory = new(1 << 16);
    private readonly FrameArena _frames;
    private readonly CompletionCounter _completions = new();

    public ThreadedFlashDeviceTests()
    {
        _frames = new FrameArena(_memory, 8, 512, "frames");
    }

    public void Dispose()
    {
        _memory.Dispose();
        _completions.Dispose();
    }

    [Fact]
    public void One_read_more_than_the_queue_is_deep_is_refused()
    {
        using GatedDevice device = new(queueDepth: 2);
        FlashRead[] reads = [NewRead(), NewRead(), NewRead()];
        device.Submit(reads[0]);
        device.Submit(reads[1]);

        device.Invoking(it => it.Submit(reads[2])).Should().Throw<InvalidOperationException>().WithMessage("*no more*");
        device.Gate.Release(3);
        _completions.Wait(2);
        device.Submit(reads[2]);
        _completions.Wait();
    }

    [Fact]
    public void A_read_in_flight_belongs_to_the_device()
    {
        using GatedDevice device = new(queueDepth: 2);
        FlashRead read = NewRead();
        device.Submit(read);

        read.IsInFlight.Should().BeTrue();
        device.Invoking(it => it.Submit(read)).Should().Throw<InvalidOperationException>();
        read.Invoking(it => it.Reset(0)).Should().Throw<InvalidOperationException>();
        read.Invoking(it => it.Append(0)).Should().Throw<InvalidOperationException>();
        device.Gate.Release();
        _completions.Wait();
        _completions.Count.Should().Be(1);
    }

    [Theory]
    [InlineData(typeof(IOException))]
    [InlineData(typeof(UnauthorizedAccessException))]
    public void A_failing_medium_is_a_value(Type failure)
    {
        using GatedDevice device = new(queueDepth: 1) { Failure = (Exception)Activator.CreateInstance(failure, "worn out")! };
        device.Gate.Release();
        FlashRead read = NewRead();
        device.Submit(read);
        _completions.Wait();

        read.Error!.Message.Should().Be("worn out");
        (read.BytesTransferred, read.IsComplete).Should().Be((0, false));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(257)]
    public void A_queue_depth_out_of_range_is_refused(int queueDepth) =>
        FluentActions.Invoking(() => new GatedDevice(queueDepth)).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void A_read_takes_no_more_frames_than_it_was_made_for()
    {
        FlashRead read = new(_frames, 1, _completions);
        read.Append(0);

        read.Invoking(it => it.Append(1)).Should().Throw<InvalidOperationException>();
        read.Invoking(it => it.Complete(0, error: null, 0, 0)).Should().Throw<InvalidOperationException>("no device has it");
        FluentActions.Invoking(() => new FlashRead(_frames, int.MaxValue, _completions)).Should().Throw<ArgumentOutOfRangeException>();
    }

    private FlashRead NewRead()
    {
        FlashRead read = new(_frames, 4, _completions);
        read.Reset(0);
        read.Append(0);
        return read;
    }

    /// <summary>A device whose reads end when the test says so.</summary>
    private sealed class GatedDevice(int queueDepth) : ThreadedFlashDevice(queueDepth, TimeProvider.System)
    {
        public SemaphoreSlim Gate { get; } = new(0);

        public Exception? Failure { get; init; }

        public override string Description => "gated";

        public override long LengthBytes => 1 << 20;

        public override int AlignmentBytes => 512;

        protected override int ReadScatter(FlashRead read)
        {
            Gate.Wait();
            return Failure is null ? read.LengthBytes : throw Failure;
        }

        protected override void Dispose(bool disposing) => Gate.Dispose();
    }
}
