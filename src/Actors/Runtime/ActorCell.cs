namespace Neuralink.Actors.Runtime;

/// <summary>
/// The runtime's side of one actor: it outlives incarnations, owns the mailbox and the children, and is the context the actor sees. Apart
/// from the mailbox and the children's table its state belongs to the thread that runs the mailbox.
/// </summary>
internal sealed partial class ActorCell : IActorContext
{
    // The actor running on this thread. Context is a static member in Akka's API, so a thread-static is what it can be made of.
    [ThreadStatic]
    private static ActorCell? current;

    private readonly IInternalActorRef parent;
    private readonly LocalActorRef self;
    private ActorBase? actor;
    private Envelope handling;
    private int suspendCount;

    public ActorCell(ActorSystem system, Props props, IInternalActorRef parent, string path, Func<Mailbox, Dispatcher> dispatcher)
    {
        System = system;
        Props = props;
        this.parent = parent;
        self = new LocalActorRef(this, path, system.NextUid());
        Mailbox = new Mailbox(this, dispatcher);
    }

    public static ActorCell? Current => current;

    public ActorSystem System { get; }

    public Props Props { get; }

    public Mailbox Mailbox { get; }

    public IActorRef Self => self;

    public IActorRef Parent => parent;

    /// <summary>The class of the actor; the runtime's own while there is no instance.</summary>
    public Type ActorType => actor?.GetType() ?? typeof(ActorCell);

    public IActorRef Sender => handling.Sender ?? System.DeadLetters;

    /// <summary>The sender as it was given to Tell, for passing on.</summary>
    public IActorRef? SenderOrNull => handling.Sender;

    /// <summary>False while suspended by a failure, a restart or an asynchronous handler.</summary>
    public bool TakesUserMessages => suspendCount == 0 && awaited is null;

    /// <summary>Makes the cell the current one on this thread; returns what was current, for <see cref="Leave"/>.</summary>
    public static ActorCell? Enter(ActorCell cell)
    {
        var outer = current;
        current = cell;
        return outer;
    }

    public static void Leave(ActorCell? outer) => current = outer;

    /// <summary>Handles one user message.</summary>
    public void Invoke(Envelope envelope)
    {
        handling = envelope;
        try
        {
            Receive(envelope.Message);
            if (awaited is null)
                FinishMessage();
        }
        catch (Exception e)
        {
            HandleInvokeFailure(e);
        }
    }

    /// <summary>Handles one system message.</summary>
    public void InvokeSystem(SystemMessage message)
    {
        try
        {
            switch (message)
            {
                case RunContinuation continuation: ContinueHandler(continuation); break;
                case HandlerCompleted completed: CompleteHandler(completed); break;
                case Runtime.Create: Create(); break;
                case Recreate recreate: FaultRecreate(recreate.Cause); break;
                case Suspend: FaultSuspend(); break;
                case Resume resume: FaultResume(resume.CausedByFailure); break;
                case Runtime.Terminate: Terminate(); break;
                case Failed failed: HandleFailed(failed); break;
                case Runtime.Watch watch: AddWatcher(watch.Watcher); break;
                case Runtime.Unwatch unwatch: RemoveWatcher(unwatch.Watcher); break;
                case DeathWatchNotification notification: HandleDeath(notification.Actor); break;
                default: throw new InvalidOperationException($"Unknown system message {message}.");
            }
        }
        catch (Exception e)
        {
            HandleInvokeFailure(e, (message as Failed)?.Child);
        }
    }

    public void Stop(IActorRef child)
    {
        children.MarkDying(child);
        ((IInternalActorRef)child).SendSystem(new Terminate());
    }

    private void Receive(object message)
    {
        switch (message)
        {
            case Terminated terminated: ReceiveTerminated(terminated); break;
            case PoisonPill: Stop(Self); break;
            case Kill: throw new ActorKilledException("Kill");
            case TimerMessage timer: ReceiveTimer(timer); break;
            case ReceiveTimeoutSignal signal: ReceiveIdle(signal); break;
            default: actor!.ReceiveMessage(message); break;
        }
    }

    private void ReceiveTimer(TimerMessage timer)
    {
        if (timers is not null && timers.TryTake(timer, out var message))
            actor!.ReceiveMessage(message);
    }

    private void FinishMessage()
    {
        handling = default;
        RestartReceiveTimeout();
    }
}
