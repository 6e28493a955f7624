using System.Threading.Channels;

namespace Neuralink.Hosting.Cluster.Conversations;

/// <summary>
/// One request on the node that took it: it has the request run, wherever that is, and hands its events to a channel, in order and each
/// once. The channel holds at most the window.
/// </summary>
internal sealed class ReaderActor : ReceiveActor, IWithTimers
{
    // Between two tries while the conversation's shard is on its way to another node.
    private static readonly TimeSpan s_movingPause = TimeSpan.FromMilliseconds(100);

    // A node that cannot be reached cannot say that it has stopped; whoever cancels does not wait for its removal.
    private static readonly TimeSpan s_cancelMax = TimeSpan.FromSeconds(5);

    private readonly ConversationProtocol.Generate _message;
    private readonly ReaderParts _parts;
    private readonly ChannelWriter<GenerationEvent> _events;
    private readonly TaskCompletionSource _ended;
    private readonly long _start;
    private IActorRef? _run;
    private long _received;
    private long _consumed;
    private long _credited;         // consumed events that the run knows of
    private bool _isQuiet;          // nothing came since the last tick
    private Address? _lostNode;

    public ReaderActor(
        ConversationProtocol.Generate message, ReaderParts parts, ChannelWriter<GenerationEvent> events, TaskCompletionSource ended)
    {
        _message = message;
        _parts = parts;
        _events = events;
        _ended = ended;
        _start = parts.Time.GetTimestamp();
        Receive<ConversationProtocol.Accepted>(_ => Accept());
        Receive<ConversationProtocol.Happened>(Happened);
        Receive<ConversationProtocol.Failed>(Failed);
        Receive<ConversationProtocol.HandedOver>(_ => RunElsewhere());
        Receive<Consumed>(_ => Consume());
        Receive<Tick>(_ => Retry());
        Receive<Send>(_ => SendRequest());
        Receive<Abandon>(_ => BeginAbandoning());
        Receive<Terminated>(t => RunLost(t.ActorRef));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="message">What to run.</param>
    /// <param name="parts">The node's.</param>
    /// <param name="events">Gets the events; it ends with an error if the generation does.</param>
    /// <param name="ended">Ends when the request does, and nothing of it runs any more.</param>
    public static Props Props(
        ConversationProtocol.Generate message, ReaderParts parts, ChannelWriter<GenerationEvent> events, TaskCompletionSource ended) =>
        Akka.Actor.Props.Create(() => new ReaderActor(message, parts, events, ended));

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, _parts.RetryInterval);
        SendRequest();
    }

    protected override void PostStop()
    {
        // The result is there, if there is one; otherwise this node's actors are ending.
        _events.TryComplete(new NodeLostException("generate in the cluster", null, "this node has left it"));
        _ended.TrySetResult();
    }

    private void SendRequest()
    {
        if (_run is not null)
            return;
        TimeSpan? left = _message.Generation.Deadline - _parts.Time.GetElapsedTime(_start);
        if (left <= TimeSpan.Zero)
            End(new DeadlineExceededException(_message.Generation.Deadline!.Value, tokens: 0));
        else
            _parts.Conversations.Tell(_message with { Generation = _message.Generation with { Deadline = left } });
    }

    private void Accept()
    {
        if (_run is null)
        {
            _run = Sender;
            Context.Watch(_run);
        }
        else if (!_run.Equals(Sender))
        {
            // It was sent twice, and its shard moved in between.
            Sender.Tell(new ConversationProtocol.Cancel(_message.Request));
        }
    }

    private void Happened(ConversationProtocol.Happened happened)
    {
        Accept();
        if (!Sender.Equals(_run))
            return;
        _isQuiet = false;
        if (happened.Number > _received)
            TellRead(again: true);
        if (happened.Number != _received)
            return;
        _received++;
        _events.TryWrite(happened.Event);
        if (happened.Event is GenerationFinished)
            End(null);
    }

    private void Failed(ConversationProtocol.Failed failed)
    {
        if (_run is not null && !Sender.Equals(_run))
            return;
        _run = Sender;
        if (failed.Number > _received)
        {
            TellRead(again: true);
            return;
        }
        Exception error = failed.Failure.ToException(_message.Generation, (int)_received);
        _received = failed.Number + 1;
        End(error);
    }

    private void Consume()
    {
        _consumed++;
        // In halves of the window, so that the run always has room and messages are few.
        if (_consumed - _credited >= Math.Max(1, _message.Window / 2))
            TellRead(again: false);
    }

    private void TellRead(bool again)
    {
        _credited = _consumed;
        _run?.Tell(new ConversationProtocol.Read(_message.Request, _received, _consumed, again));
    }

    private void RunElsewhere()
    {
        if (_run is not null && !Sender.Equals(_run))
            return;
        if (_run is not null)
            Context.Unwatch(_run);
        _run = null;
        Timers.StartSingleTimer(Send.Instance, Send.Instance, s_movingPause);
    }

    /// <summary>What was asked may be lost: it is asked again.</summary>
    private void Retry()
    {
        if (_run is not null)
        {
            if (_isQuiet && _received - _consumed < _message.Window)
                TellRead(again: true);
            _isQuiet = true;
            return;
        }
        if (_parts.Time.GetElapsedTime(_start) < _parts.PlacementMax)
        {
            SendRequest();
            return;
        }
        End(new NodeLostException(
            "generate in the cluster", $"a node that takes it within {_parts.PlacementMax.TotalSeconds:0} s", "none"));
    }

    private void RunLost(IActorRef run)
    {
        if (!run.Equals(_run))
            return;
        _lostNode = run.Path.Address;
        End(new NodeLostException("finish the text", "the node that ran it", $"{_lostNode} is lost, after {_received} tokens"));
    }

    private void BeginAbandoning()
    {
        _events.TryComplete();
        if (_run is null)
        {
            // Whoever accepts it later finds this reader gone, and stops.
            Context.Stop(Self);
            return;
        }
        _run.Tell(new ConversationProtocol.Cancel(_message.Request));
        Timers.StartSingleTimer(Abandoned.Instance, Abandoned.Instance, s_cancelMax);
        Become(() =>
        {
            Receive<Terminated>(_ => Context.Stop(Self));
            Receive<Abandoned>(_ => Context.Stop(Self));
            Receive<Tick>(_ => _run.Tell(new ConversationProtocol.Cancel(_message.Request)));
            ReceiveAny(_ => { });
        });
    }

    private void End(Exception? error)
    {
        _events.TryComplete(error);
        TellRead(again: false);
        Context.Stop(Self);
    }

    /// <summary>An event was read from the channel. Never crosses nodes.</summary>
    public sealed record Consumed
    {
        public static Consumed Instance { get; } = new();
    }

    /// <summary>Nobody reads the channel any more. Never crosses nodes.</summary>
    public sealed record Abandon
    {
        public static Abandon Instance { get; } = new();
    }

    private sealed record Abandoned
    {
        public static Abandoned Instance { get; } = new();
    }

    private sealed record Send
    {
        public static Send Instance { get; } = new();
    }

    private sealed record Tick
    {
        public static Tick Instance { get; } = new();
    }
}

/// <summary>What readers of a node share.</summary>
/// <param name="Conversations">Finds a conversation's node.</param>
/// <param name="RetryInterval">As of <see cref="ClusterOptions"/>.</param>
/// <param name="PlacementMax">The same.</param>
/// <param name="Time">The clock.</param>
internal sealed record ReaderParts(IActorRef Conversations, TimeSpan RetryInterval, TimeSpan PlacementMax, TimeProvider Time);
