using System.Diagnostics.CodeAnalysis;

namespace Neuralink.Hosting.Cluster.Conversations;

/// <summary>
/// One request on the node that runs it. It takes an event from the engine only while fewer than the window are on their way or unread, so
/// a slow reader pauses its own sequence, and keeps each until the reader has it.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Actors end by PostStop.")]
internal sealed class RunActor : ReceiveActor
{
    private readonly ConversationProtocol.Generate _message;
    private readonly IActorRef _reader;
    private readonly ConversationParts _parts;
    private readonly CancellationTokenSource _cancellation = new();
    private readonly IAsyncEnumerator<GenerationEvent> _events;
    private readonly Queue<object> _unread = new();      // Happened, and at the end Failed or none; the first has the number _received
    private long _received;
    private long _consumed;
    private long _next;                                  // the number of the next event
    private bool _isTaking;                              // an event is being waited for
    private bool _hasResult;
    private bool _hasEnded;                              // the last message is made
    private Exception? _reason;                          // why it was stopped from outside

    public RunActor(ConversationProtocol.Generate message, IActorRef reader, ConversationParts parts)
    {
        _message = message;
        _reader = reader;
        _parts = parts;
        _events = parts.Engine.GenerateAsync(message.Generation, _cancellation.Token).GetAsyncEnumerator(CancellationToken.None);
        Receive<Taken>(Take);
        Receive<Broken>(b => End(b.Error));
        Receive<ConversationProtocol.Generate>(_ => _reader.Tell(new ConversationProtocol.Accepted(_message.Request)));
        Receive<ConversationProtocol.Read>(Read);
        Receive<ConversationProtocol.Cancel>(_ => Stop(new OperationCanceledException()));
        Receive<Terminated>(_ => Stop(new OperationCanceledException()));
        Receive<Leave>(_ => HandOver());
        Receive<GraceOver>(_ => Stop(new NodeLostException(
            "finish the text", null, $"its node leaves, and the grace time of {_parts.Options.DrainGrace.TotalSeconds:0} s is over")));
    }

    public static Props Props(ConversationProtocol.Generate message, IActorRef reader, ConversationParts parts) =>
        Akka.Actor.Props.Create(() => new RunActor(message, reader, parts));

    protected override void PreStart()
    {
        _parts.Activity.BeginRun();
        Context.Watch(_reader);
        _reader.Tell(new ConversationProtocol.Accepted(_message.Request));
        Next();
    }

    protected override void PostStop()
    {
        _parts.Activity.EndRun();
        if (!_hasEnded)
            _cancellation.Cancel();      // the actor system ends, and nobody waits for the engine here
    }

    private void Next()
    {
        // After the result there is only the end to come, which frees what the engine holds.
        if (_isTaking || _hasEnded || (!_hasResult && _next - _consumed >= _message.Window))
            return;
        _isTaking = true;
        _ = _events.MoveNextAsync().AsTask().PipeTo(Self, success: Taken.Of, failure: Broken.Of);
    }

    private void Take(Taken taken)
    {
        _isTaking = false;
        if (_reason is not null)
        {
            Close();
            return;
        }
        if (!taken.HasEvent)
        {
            End(null);
            return;
        }
        ConversationProtocol.Happened happened = new(_message.Request, _next++, _events.Current);
        _hasResult = happened.Event is GenerationFinished;
        _unread.Enqueue(happened);
        _reader.Tell(happened);
        Next();
    }

    private void Read(ConversationProtocol.Read read)
    {
        for (; _received < read.Received && _unread.Count > 0; _received++)
            _unread.Dequeue();
        _consumed = Math.Max(_consumed, read.Consumed);
        if (_hasEnded && _unread.Count == 0)
        {
            Context.Stop(Self);
            return;
        }
        if (read.Again)
        {
            foreach (object message in _unread)
                _reader.Tell(message);
        }
        Next();
    }

    private void HandOver()
    {
        if (_next == 0 && !_hasEnded)
            Stop(new HandOverException());
    }

    /// <summary>Stops the generation; the run ends when nothing of it is left.</summary>
    private void Stop(Exception reason)
    {
        if (_hasEnded)
        {
            // The reader is gone or no longer interested in what is unread.
            if (reason is OperationCanceledException)
                Context.Stop(Self);
            return;
        }
        if (_reason is not null)
            return;
        _reason = reason;
        _cancellation.Cancel();
        if (!_isTaking)
            Close();
    }

    private void Close()
    {
        _isTaking = true;
        _ = _events.DisposeAsync().AsTask().PipeTo(Self, success: () => new Broken(null), failure: Broken.Of);
    }

    /// <summary>The engine is done with it.</summary>
    private void End(Exception? error)
    {
        if (_hasEnded)
            return;
        _hasEnded = true;
        if (_reason is HandOverException)
        {
            _reader.Tell(new ConversationProtocol.HandedOver(_message.Request));
            Context.Stop(Self);
            return;
        }
        if ((_reason ?? error) is { } why)
        {
            ConversationProtocol.Failed failed = new(_message.Request, _next++, GenerationFailure.Of(why));
            _unread.Enqueue(failed);
            _reader.Tell(failed);
        }
        if (_reason is OperationCanceledException || _unread.Count == 0)
            Context.Stop(Self);
    }

    /// <summary>To be handed over if nothing was sent yet. Never crosses nodes.</summary>
    public sealed record Leave
    {
        public static Leave Instance { get; } = new();
    }

    /// <summary>To be stopped, whatever was sent. Never crosses nodes.</summary>
    public sealed record GraceOver
    {
        public static GraceOver Instance { get; } = new();
    }

    private sealed class HandOverException : Exception;

    private sealed record Taken(bool HasEvent)
    {
        public static Taken Of(bool hasEvent) => new(hasEvent);
    }

    private sealed record Broken(Exception? Error)
    {
        public static Broken Of(Exception error) => new(error);
    }
}
