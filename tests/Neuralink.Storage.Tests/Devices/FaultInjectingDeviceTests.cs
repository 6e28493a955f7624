using Neuralink.Placement.Cost;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;
using Neuralink.Tests.Support;

namespace Neuralink.Storage.Tests.Devices;

public sealed class FaultInjectingDeviceWithoutFaultsTests : FlashDeviceContract
{
    protected override IFlashDevice Open(byte[] content, int queueDepth) =>
        new FaultInjectingDevice(new MemoryFlashDevice(content, queueDepth, TimeProvider.System), (_, _) => null);
}

public sealed class FaultInjectingDeviceTests : IDisposable
{
    private readonly NativeArena _memory = new(1 << 16);
    private readonly FrameArena _frames;
    private readonly CompletionCounter _completions = new();

    public FaultInjectingDeviceTests()
    {
        _frames = new FrameArena(_memory, 8, 512, "frames");
    }

    public void Dispose()
    {
        _memory.Dispose();
        _completions.Dispose();
    }

    [Fact]
    public void Chosen_reads_fail_and_the_others_do_not()
    {
        using FaultInjectingDevice device = Device((number, _) => number == 1 ? new FlashFault.Fail() : null);
        FlashRead read = NewRead();
        List<int?> errnos = [];
        for (int i = 0; i < 3; i++)
        {
            device.Submit(read);
            _completions.Wait();
            errnos.Add(read.Error?.HResult);
            read.BytesTransferred.Should().Be(read.Error is null ? 1024 : 0);
            read.Reset(0);
            read.Append(0);
            read.Append(1);
        }

        errnos.Should().Equal(null, 5, null);
    }

    [Fact]
    public void A_plan_can_go_by_what_is_read()
    {
        using FaultInjectingDevice device = Device((_, read) => read.OffsetBytes == 512 ? new FlashFault.ShortRead(700) : null);
        FlashRead good = NewRead(0), bad = NewRead(512);
        device.Submit(good);
        device.Submit(bad);
        _completions.Wait(2);

        (good.IsComplete, good.BytesTransferred).Should().Be((true, 1024));
        (bad.IsComplete, bad.BytesTransferred, bad.Error).Should().Be((false, 700, null));
    }

    [Fact]
    public void One_bit_is_flipped()
    {
        using FaultInjectingDevice device = Device((_, _) => new FlashFault.FlipBit(ByteIndex: 515, Bit: 7));
        FlashRead read = NewRead();
        device.Submit(read);
        _completions.Wait();

        read.IsComplete.Should().BeTrue("flash does not say that it lies");
        _frames.Frame(0).ToArray().Should().OnlyContain(value => value == 1);
        _frames.Frame(1)[3].Should().Be(1 ^ 0x80);
        _frames.Frame(1).Count((byte)1).Should().Be(511);
    }

    [Fact]
    public void Held_reads_come_back_when_released_and_count_as_in_flight_until_then()
    {
        using FaultInjectingDevice device = Device((number, _) => number < 2 ? new FlashFault.Hold() : null);
        FlashRead[] reads = [NewRead(), NewRead(), NewRead()];
        device.Submit(reads[0]);
        device.Submit(reads[1]);
        SpinWait.SpinUntil(() => device.HeldCount == 2, TimeSpan.FromSeconds(60)).Should().BeTrue();

        device.Invoking(it => it.Submit(reads[2])).Should().Throw<InvalidOperationException>();
        reads[0].IsInFlight.Should().BeTrue();
        _completions.Count.Should().Be(0);
        device.Release();
        _completions.Wait(2);
        device.Submit(reads[2]);
        _completions.Wait();
        reads.Should().OnlyContain(read => read.IsComplete && !read.IsInFlight);
    }

    [Fact]
    public void Disposal_loses_no_held_read()
    {
        FaultInjectingDevice device = Device((_, _) => new FlashFault.Hold());
        device.Submit(NewRead());
        device.Dispose();

        _completions.Count.Should().Be(1);
    }

    [Fact]
    public void Decorators_nest()
    {
        using FaultInjectingDevice device = new(
            new ThrottledDevice(Device((_, _) => new FlashFault.ShortRead(900)), ReadCost.Linear(1, 1000), TimeProvider.System),
            (_, _) => new FlashFault.ShortRead(1000));
        FlashRead read = NewRead();
        device.Submit(read);
        _completions.Wait();

        read.BytesTransferred.Should().Be(900);
    }

    private static FaultInjectingDevice Device(Func<long, FlashRead, FlashFault?> plan) =>
        new(new MemoryFlashDevice(Enumerable.Repeat((byte)1, 4096).ToArray(), 2, TimeProvider.System), plan);

    private FlashRead NewRead(long offsetBytes = 0)
    {
        FlashRead read = new(_frames, 4, _completions);
        read.Reset(offsetBytes);
        read.Append(0);
        read.Append(1);
        return read;
    }
}
