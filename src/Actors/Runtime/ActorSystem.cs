namespace Neuralink.Actors.Runtime;

/// <summary>The root of a tree of actors and of what they share.</summary>
public sealed class ActorSystem : IActorRefFactory, IDisposable
{
    private const string DefaultDispatcher = "akka.actor.default-dispatcher";

    private readonly Config config;
    private readonly Scheduler scheduler;
    private readonly ActorCell guardian;
    private readonly TaskCompletionSource whenTerminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long lastUid;

    private ActorSystem(string name, Config config, TimeProvider time)
    {
        this.config = config;
        Time = time;
        scheduler = new Scheduler(time);
        EventStream = new EventStream();
        DeadLetters = new DeadLetterActorRef(this, $"akka://{name}/deadLetters");
        Log = new BusLogging(this, name, typeof(ActorSystem));
        var root = new RootActorRef(this, $"akka://{name}");
        guardian = new ActorCell(this, Props.Create<Guardian>(), root, $"akka://{name}/user", static _ => ThreadPoolDispatcher.Instance);
        root.Guardian = guardian.Self;
        ((IInternalActorRef)guardian.Self).SendSystem(new Create());
    }

    /// <summary>Where messages to stopped actors go; publishes each as <see cref="DeadLetter"/>.</summary>
    public IActorRef DeadLetters { get; }

    /// <summary>The system's own events.</summary>
    public EventStream EventStream { get; }

    /// <summary>Messages later.</summary>
    public IScheduler Scheduler => scheduler;

    /// <summary>The log of the system itself.</summary>
    public ILoggingAdapter Log { get; }

    /// <summary>Completes when every actor has stopped.</summary>
    public Task WhenTerminated => whenTerminated.Task;

    internal TimeProvider Time { get; }

    internal Scheduler Timers => scheduler;

    /// <summary>A system with the default configuration.</summary>
    public static ActorSystem Create(string name) => Create(name, ConfigurationFactory.ParseString(string.Empty));

    /// <summary>A system with that configuration.</summary>
    /// <exception cref="ArgumentException">The name has other than ASCII letters, digits and inner hyphens.</exception>
    public static ActorSystem Create(string name, Config config) => Create(name, config, TimeProvider.System);

    internal static ActorSystem Create(string name, Config config, TimeProvider time)
    {
        if (name.Length == 0 || name[0] == '-' || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            throw new ArgumentException($"Invalid ActorSystem name [{name}]: only ASCII letters, digits and inner hyphens.", nameof(name));
        return new ActorSystem(name, config, time);
    }

    /// <inheritdoc/>
    public IActorRef ActorOf(Props props, string? name = null) => guardian.ActorOf(props, name);

    /// <summary>Stops an actor after the message it is handling; its children stop first.</summary>
    public void Stop(IActorRef actor) => ((IInternalActorRef)actor).SendSystem(new Terminate());

    /// <summary>Stops all actors; completes with <see cref="WhenTerminated"/>.</summary>
    public Task Terminate()
    {
        Stop(guardian.Self);
        return WhenTerminated;
    }

    /// <summary>Terminates and waits for it. Not for use inside an actor.</summary>
    public void Dispose() => Terminate().Wait();

    internal long NextUid() => Interlocked.Increment(ref lastUid);

    internal bool Logs(LogLevel level) => level >= config.LogLevel;

    internal Func<Mailbox, string, Dispatcher> FindDispatcher(string? dispatcher) => dispatcher switch
    {
        null or DefaultDispatcher => static (_, _) => ThreadPoolDispatcher.Instance,
        _ when config.PinnedDispatchers.Contains(dispatcher) => static (mailbox, path) => new PinnedDispatcher(mailbox, path),
        _ => throw new ConfigurationException($"Dispatcher [{dispatcher}] is not configured."),
    };

    /// <summary>Logs on behalf of an actor, from the configured level upwards.</summary>
    internal void PublishLog(LogEvent logEvent)
    {
        if (Logs(logEvent.LogLevel()))
            EventStream.Publish(logEvent);
    }

    internal void PublishDeadLetter(object message, IActorRef? sender, IActorRef recipient)
    {
        if (message is not (PoisonPill or Terminated or IUnseenMessage))
            EventStream.Publish(new DeadLetter(message, sender ?? DeadLetters, recipient));
    }

    internal void FinishTermination()
    {
        scheduler.Dispose();
        whenTerminated.TrySetResult();
    }
}
