using System.Threading.Channels;

namespace Neuralink.Actors.Runtime;

/// <summary>A user message and who sent it. A struct, so that a Tell allocates nothing of its own.</summary>
internal readonly record struct Envelope(object Message, IActorRef? Sender);

/// <summary>
/// The two queues of one actor and the right to run it, which one thread at a time has.
/// </summary>
/// <remarks>
/// The state goes Idle
/// -> Signalled (a sender queued something, and a run is due) -> Running (the run has begun) -> Idle. A sender that finds
/// the mailbox not idle leaves Signalled behind; the run then cannot go idle and runs again. So no wakeup is lost and nobody peeks into
/// the channel, whose reader side belongs to the running thread alone.
/// </remarks>
internal sealed class Mailbox : IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Running = 1;
    private const int Signalled = 2;

    private readonly ActorCell cell;
    private readonly Dispatcher dispatcher;
    private readonly Channel<Envelope> userMessages =
        Channel.CreateUnbounded<Envelope>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Queue<SystemMessage> systemMessages = new();
    private volatile bool hasSystemMessages;
    private volatile bool closed;
    private int state;

    public Mailbox(ActorCell cell, Func<Mailbox, Dispatcher> attach)
    {
        this.cell = cell;
        dispatcher = attach(this);
    }

    public bool IsClosed => closed;

    /// <summary>Queues a user message; false when the actor has stopped.</summary>
    public bool Post(Envelope envelope)
    {
        if (!userMessages.Writer.TryWrite(envelope))
            return false;
        Signal();
        return true;
    }

    /// <summary>Queues a system message; false when the actor has stopped.</summary>
    public bool PostSystem(SystemMessage message)
    {
        lock (systemMessages)
        {
            if (closed)
                return false;
            systemMessages.Enqueue(message);
            hasSystemMessages = true;
        }

        Signal();
        return true;
    }

    /// <summary>Runs the actor until nothing is left or its turn is over. Called by the dispatcher only, once for each
    /// <see cref="Dispatcher.Execute"/>.</summary>
    public void Execute()
    {
        Interlocked.Exchange(ref state, Running);
        var outer = ActorCell.Enter(cell);
        var turn = dispatcher.Throughput;
        try
        {
            ProcessSystemMessages();
            while (turn > 0 && cell.TakesUserMessages && userMessages.Reader.TryRead(out var envelope))
            {
                cell.Invoke(envelope);
                ProcessSystemMessages();
                turn--;
            }
        }
        finally
        {
            ActorCell.Leave(outer);
            if (turn == 0 || Interlocked.CompareExchange(ref state, Idle, Running) != Running)
                dispatcher.Execute(this);
        }
    }

    /// <summary>Refuses further messages and sends what is left to the dead letters. Called by the cell while it runs.</summary>
    public void Close()
    {
        SystemMessage[] left;
        lock (systemMessages)
        {
            closed = true;
            left = systemMessages.ToArray();
            systemMessages.Clear();
        }

        userMessages.Writer.TryComplete();
        while (userMessages.Reader.TryRead(out var envelope))
            cell.System.PublishDeadLetter(envelope.Message, envelope.Sender, cell.Self);
        foreach (var message in left)
            message.AnswerForTheDead();
    }

    private void Signal()
    {
        if (Interlocked.Exchange(ref state, Signalled) == Idle)
            dispatcher.Execute(this);
    }

    private void ProcessSystemMessages()
    {
        while (hasSystemMessages)
        {
            SystemMessage? message;
            lock (systemMessages)
            {
                if (!systemMessages.TryDequeue(out message))
                {
                    hasSystemMessages = false;
                    return;
                }
            }

            cell.InvokeSystem(message);
        }
    }
}
