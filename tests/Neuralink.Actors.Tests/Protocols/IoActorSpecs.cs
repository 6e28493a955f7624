using Akka.Actor;
using Akka.Event;
using Akka.TestKit;
using Neuralink.Actors.Io;
using Neuralink.Actors.Protocols;
using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Metrics;
using Neuralink.Placement;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Reads;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;
using Neuralink.Tests.Support;

namespace Neuralink.Actors.Tests.Protocols;

/// <summary>Io between the Cache and a device, of which every read can be held.</summary>
public sealed class IoActorSpecs : ProtocolSpecs, IClassFixture<RandomImage>
{
    private const int AttemptsMax = 2;

    private readonly FlashImage _image;
    private readonly NativeArena _arena;
    private readonly FrameArena _frames;
    private readonly FaultInjectingDevice _device;
    private readonly FlashPort _port;
    private readonly TestProbe _cache;
    private readonly LayerCounters _counts;
    private FlashFault? _fault;

    public IoActorSpecs(RandomImage image)
    {
        _image = FlashImage.Open(image.Folder);
        _arena = new NativeArena(FrameArena.RequiredBytes(4, _image.StrideBytes));
        _frames = new FrameArena(_arena, 4, _image.StrideBytes, "frames");
        IFlashFile file = FlashFile.Open(_image.NeuronsPath, FlashAccess.Buffered, _image.StrideBytes, queueDepth: 2, TimeProvider.System);
        _device = new FaultInjectingDevice(file, (_, _) => _fault);
        _port = new FlashPort(_device, _frames, extentSlotsMax: 4);
        _cache = CreateTestProbe();
        _counts = new LayerCounters(_image.LayerCount);
    }

    [Fact]
    public void A_batch_comes_back_when_all_of_it_is_in_its_frames()
    {
        IActorRef io = Start();
        FetchBatch batch = Batch(3, 9);
        io.Tell(new FetchProtocol.Fetch(batch), _cache);
        Next<FetchProtocol.Fetched>(_cache).Batch.Should().BeSameAs(batch);
        BundleCrc.IsIntact(_frames.Frame(0)).Should().BeTrue();
        BundleCrc.IsIntact(_frames.Frame(1)).Should().BeTrue();
        _counts[Counter.Reads].Should().Be(2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_read_that_fails_each_time_fails_its_batch(bool isShort)
    {
        _fault = isShort ? new FlashFault.ShortRead(1) : new FlashFault.FlipBit(0);
        Start().Tell(new FetchProtocol.Fetch(Batch(3)), _cache);
        Next<FetchProtocol.FetchFailed>(_cache).Error.Should().BeOfType<NeuralinkException>();
        _counts[Counter.Reads].Should().Be(AttemptsMax);
    }

    [Fact]
    public async Task A_read_that_completes_after_the_stop_is_expected_and_the_port_is_quiet_then()
    {
        _fault = new FlashFault.Hold();
        IActorRef io = Start();
        TestProbe deadLetters = CreateTestProbe();
        Sys.EventStream.Subscribe(deadLetters, typeof(DeadLetter));
        io.Tell(new FetchProtocol.Fetch(Batch(3)), _cache);
        await AwaitConditionAsync(() => Task.FromResult(_device.HeldCount == 1));
        await io.GracefulStop(TimeSpan.FromSeconds(30));
        _port.WhenQuiet.IsCompleted.Should().BeFalse("a device may still write into the frames");
        _device.Release();
        await _port.WhenQuiet;
        _fault = null;
        IActorRef next = Start();
        next.Tell(new FetchProtocol.Fetch(Batch(5)), _cache);
        Next<FetchProtocol.Fetched>(_cache).Batch.Slots[0].Should().Be(new Slot(5), "the late read is nobody's");
        deadLetters.HasMessages.Should().BeFalse();
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _device.Dispose();
        _arena.Dispose();
    }

    private IActorRef Start() => Sys.ActorOf(IoActor.Props(
        new IoSetup { Image = _image, Port = _port, Time = TimeProvider.System },
        new FetchSetup
        {
            Planner = new ReadPlanner(ReadCost.Linear(1, 1), _image.StrideBytes, 4, _image.SlotCount),
            Detector = null,
            AttemptsMax = AttemptsMax,
            QueueDepth = 2,
            Counts = _counts,
            MicrosPerTick = 1,
        }));

    private static FetchBatch Batch(params int[] slots)
    {
        FetchBatch batch = new(slots.Length);
        batch.Reset(0, new LayerIndex(0), FetchKind.Demand);
        for (int i = 0; i < slots.Length; i++)
            batch.Add(new Slot(slots[i]), frame: i);
        return batch;
    }
}
