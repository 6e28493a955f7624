using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Neuralink.Hosting.Cluster.Conversations;
using Neuralink.Hosting.Cluster.Membership;

namespace Neuralink.Hosting.Cluster.Tests.Conversations;

/// <summary>A run whose reader is slow, deaf or gone.</summary>
public sealed class RunActorSpecs : TestKit
{
    private readonly ScriptedEngine _engine = new("n");
    private readonly NodeActivity _activity = new();
    private readonly Guid _id = Guid.NewGuid();
    private readonly TestProbe _reader;

    public RunActorSpecs()
        : base("akka.loglevel = OFF, akka.stdout-loglevel = OFF, akka.test.single-expect-default = 30s") => _reader = CreateTestProbe();

    [Fact]
    public void It_sends_the_window_and_what_is_read_makes_room_for_more()
    {
        IActorRef run = Run(tokens: 6, window: 2);
        Expect(0, 1);
        _reader.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        _engine.Made.Should().Be(2);
        run.Tell(new ConversationProtocol.Read(_id, Received: 2, Consumed: 1, Again: false));
        Expect(2);
        run.Tell(new ConversationProtocol.Read(_id, Received: 3, Consumed: 3, Again: false));
        Expect(3, 4);
    }

    [Fact]
    public void It_sends_again_what_has_not_come()
    {
        IActorRef run = Run(tokens: 6, window: 4);
        Expect(0, 1, 2, 3);
        run.Tell(new ConversationProtocol.Read(_id, Received: 1, Consumed: 0, Again: true));
        Expect(1, 2, 3);
    }

    [Fact]
    public void It_ends_when_the_last_event_has_come_and_not_before()
    {
        Watch(Run(tokens: 2, window: 8));
        Expect(0, 1, 2);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        _activity.Queue.Should().Be(1);
        LastRun!.Tell(new ConversationProtocol.Read(_id, Received: 3, Consumed: 0, Again: false));
        ExpectTerminated(LastRun);
        _activity.Queue.Should().Be(0);
        _engine.Running.Should().Be(0);
    }

    [Fact]
    public void A_reader_that_is_gone_stops_it()
    {
        _engine.Hold(after: 1);
        Watch(Run(tokens: 5, window: 8));
        Expect(0);
        Sys.Stop(_reader);
        ExpectTerminated(LastRun!);
        _engine.Running.Should().Be(0);
        _engine.Cancelled.Should().Be(1);
    }

    [Fact]
    public void A_reader_that_waits_with_a_full_window_can_cancel()
    {
        Watch(Run(tokens: 5, window: 1));
        Expect(0);
        LastRun!.Tell(new ConversationProtocol.Cancel(_id));
        _reader.ExpectMsg<ConversationProtocol.Failed>().Failure.Kind.Should().Be(FailureKind.Cancelled);
        ExpectTerminated(LastRun);
        _engine.Running.Should().Be(0);
    }

    [Fact]
    public void It_is_handed_over_before_its_first_token_only()
    {
        _engine.Hold();
        Watch(Run(tokens: 5, window: 8));
        LastRun!.Tell(RunActor.Leave.Instance);
        _reader.ExpectMsg<ConversationProtocol.HandedOver>().Request.Should().Be(_id);
        ExpectTerminated(LastRun);
        _engine.Cancelled.Should().Be(1);
        _engine.Release();
        IActorRef second = Run(tokens: 1, window: 1);
        Expect(0);
        second.Tell(RunActor.Leave.Instance);
        second.Tell(new ConversationProtocol.Read(_id, Received: 1, Consumed: 1, Again: false));
        Expect(1);
    }

    private IActorRef? LastRun { get; set; }

    private IActorRef Run(int tokens, int window)
    {
        LastRun = Sys.ActorOf(RunActor.Props(
            new ConversationProtocol.Generate(
                _id, "c", "d", window, new GenerationRequest { Prompt = new[] { 1 }, MaxTokens = tokens }),
            _reader, new ConversationParts(_engine, "d", _activity, new ClusterOptions())));
        _reader.ExpectMsg<ConversationProtocol.Accepted>();
        return LastRun;
    }

    private void Expect(params long[] numbers)
    {
        foreach (long number in numbers)
            _reader.ExpectMsg<ConversationProtocol.Happened>().Number.Should().Be(number);
    }
}
