using System.Threading.Channels;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Neuralink.Hosting.Cluster.Conversations;

namespace Neuralink.Hosting.Cluster.Tests.Conversations;

/// <summary>A reader whose messages are lost, doubled and late.</summary>
public sealed class ReaderActorSpecs : TestKit
{
    private readonly Channel<GenerationEvent> _events = Channel.CreateUnbounded<GenerationEvent>();
    private readonly TaskCompletionSource _ended = new();
    private readonly Guid _id = Guid.NewGuid();
    private readonly TestProbe _conversations;
    private readonly TestProbe _run;

    public ReaderActorSpecs()
        : base("akka.loglevel = OFF, akka.stdout-loglevel = OFF, akka.test.single-expect-default = 30s")
    {
        _conversations = CreateTestProbe();
        _run = CreateTestProbe();
    }

    [Fact]
    public void It_asks_until_a_run_has_accepted()
    {
        IActorRef reader = Reader(retryMillis: 20);
        for (int i = 0; i < 3; i++)
            _conversations.ExpectMsg<ConversationProtocol.Generate>().Request.Should().Be(_id);
        reader.Tell(new ConversationProtocol.Accepted(_id), _run);
        _run.FishForMessage(m => m is ConversationProtocol.Read { Again: true });
    }

    [Fact]
    public async Task Events_come_out_once_and_in_order_whatever_was_lost_or_doubled()
    {
        IActorRef reader = Reader();
        reader.Tell(new ConversationProtocol.Accepted(_id), _run);
        foreach (int number in new[] { 0, 0, 2, 3 })
            reader.Tell(Token(number), _run);
        _run.ExpectMsg<ConversationProtocol.Read>().Should().BeEquivalentTo(new { Received = 1L, Again = true });
        foreach (int number in new[] { 1, 2, 3, 2 })
            reader.Tell(Token(number), _run);
        for (int number = 0; number < 4; number++)
            (await _events.Reader.ReadAsync()).Should().Be(new TokenGenerated(number, ""));
        _events.Reader.TryPeek(out _).Should().BeFalse();
    }

    [Fact]
    public void Credit_is_given_in_halves_of_the_window()
    {
        IActorRef reader = Reader(window: 4);
        reader.Tell(new ConversationProtocol.Accepted(_id), _run);
        reader.Tell(Token(0), _run);
        reader.Tell(Token(1), _run);
        reader.Tell(ReaderActor.Consumed.Instance);
        reader.Tell(ReaderActor.Consumed.Instance);
        _run.ExpectMsg<ConversationProtocol.Read>().Should().BeEquivalentTo(new { Received = 2L, Consumed = 2L, Again = false });
    }

    [Fact]
    public async Task A_run_that_is_handed_over_is_asked_for_again()
    {
        IActorRef reader = Reader();
        _conversations.ExpectMsg<ConversationProtocol.Generate>();
        reader.Tell(new ConversationProtocol.Accepted(_id), _run);
        reader.Tell(new ConversationProtocol.HandedOver(_id), _run);
        _conversations.ExpectMsg<ConversationProtocol.Generate>();
        TestProbe other = CreateTestProbe();
        reader.Tell(new ConversationProtocol.Accepted(_id), other);
        reader.Tell(Token(0), other);
        (await _events.Reader.ReadAsync()).Should().Be(new TokenGenerated(0, ""));
    }

    [Fact]
    public void A_second_run_of_the_same_request_is_cancelled()
    {
        IActorRef reader = Reader();
        TestProbe other = CreateTestProbe();
        reader.Tell(new ConversationProtocol.Accepted(_id), _run);
        reader.Tell(Token(0), other);
        other.ExpectMsg<ConversationProtocol.Cancel>().Request.Should().Be(_id);
    }

    [Fact]
    public async Task A_run_that_dies_with_its_node_fails_as_lost()
    {
        IActorRef reader = Reader();
        reader.Tell(new ConversationProtocol.Accepted(_id), _run);
        reader.Tell(Token(0), _run);
        Sys.Stop(_run);
        (await _events.Reader.ReadAsync()).Should().Be(new TokenGenerated(0, ""));
        Func<Task> reading = () => _events.Reader.ReadAsync().AsTask();
        (await reading.Should().ThrowAsync<ChannelClosedException>()).Which.InnerException.Should().BeOfType<NodeLostException>()
            .Which.Message.Should().Contain("after 1 tokens").And.Contain("send the request again");
        await _ended.Task.WaitAsync(Eventually.Max);
    }

    [Fact]
    public async Task A_request_that_no_node_takes_fails_as_lost()
    {
        Reader(retryMillis: 20, placementMillis: 100);
        Func<Task> reading = () => _events.Reader.ReadAsync().AsTask();
        (await reading.Should().ThrowAsync<ChannelClosedException>()).Which.InnerException.Should().BeOfType<NodeLostException>();
    }

    [Fact]
    public async Task Abandoning_waits_for_the_runs_end()
    {
        IActorRef reader = Reader();
        reader.Tell(new ConversationProtocol.Accepted(_id), _run);
        reader.Tell(ReaderActor.Abandon.Instance);
        _run.ExpectMsg<ConversationProtocol.Cancel>();
        _ended.Task.IsCompleted.Should().BeFalse();
        Sys.Stop(_run);
        await _ended.Task.WaitAsync(Eventually.Max);
    }

    private ConversationProtocol.Happened Token(int number) => new(_id, number, new TokenGenerated(number, ""));

    private IActorRef Reader(int window = 32, int retryMillis = 60_000, int placementMillis = 60_000) => Sys.ActorOf(ReaderActor.Props(
        new ConversationProtocol.Generate(_id, "c", "d", window, new GenerationRequest { Prompt = new[] { 1 } }),
        new ReaderParts(
            _conversations, TimeSpan.FromMilliseconds(retryMillis), TimeSpan.FromMilliseconds(placementMillis), TimeProvider.System),
        _events.Writer, _ended));
}
