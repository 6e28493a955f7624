using Neuralink.Actors.Cache;
using Neuralink.Actors.Compute;
using Neuralink.Actors.Generation;
using Neuralink.Actors.Io;
using Neuralink.Actors.Prediction;
using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Residency;

namespace Neuralink.Actors;

/// <summary>
/// Starts and supervises the actors of one engine. The pipeline reads from flash while it computes:
/// <code>
/// Predictor         |exact n|lookahead n+1|              |exact n+1|lookahead n+2|
/// Cache/Io                  |demand n|fetch n+1 -------------------|demand n+1|fetch n+2 ------
/// Compute    |attn n|                     |ffn n|attn n+1|                       |ffn n+1|attn n+2
/// </code>
/// A layer takes a few messages, whatever the number of its neurons:
/// <code>
/// Compute -LayerReached-> Predictor -Needed-> Cache -Granted-> Compute         which of its neurons are resident
///                         Predictor -MayBeNeeded-> Cache -Fetch-> Io         what the next layer will probably want
///                         Predictor -Predicted-> Compute                       it may compute again
///                                              Cache -Fetch-> Io -Fetched-> Cache -Arrived-> Compute -Returned-> Cache
/// </code>
/// An actor knows those below it (Generation, Compute, Predictor, Cache, Io) from its construction and answers whoever asked it.
/// <para>
/// An exception in an actor is a bug (operating errors are values in messages): the jobs fail with it, all actors are stopped, and
/// when the last read is back they start anew, with an empty cache. Jobs that come meanwhile wait. Native memory belongs to the engine, so
/// nothing leaks.
/// </para>
/// </summary>
internal sealed class PipelineActor : ReceiveActor, IWithStash
{
    private readonly PipelineParts _parts;
    private readonly Action<Exception> _onFailure;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IActorRef _generation = ActorRefs.Nobody;
    private readonly HashSet<IActorRef> _living = [];      // started, and not ended yet
    private readonly List<IActorRef> _waiting = [];        // asked to start anew, and are told when that is done
    private bool _isEnding;

    /// <param name="parts">What the actors are made from.</param>
    /// <param name="onFailure">Told, on an actor's thread, that all jobs are lost.</param>
    public PipelineActor(PipelineParts parts, Action<Exception> onFailure)
    {
        _parts = parts;
        _onFailure = onFailure;
        Become(Stopped);
    }

    public IStash Stash { get; set; } = null!;

    public static Props Props(PipelineParts parts, Action<Exception> onFailure) =>
        Akka.Actor.Props.Create(() => new PipelineActor(parts, onFailure));

    protected override void PreStart() => StartWhenQuiet();

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(error =>
    {
        Fail(error);
        return Directive.Stop;
    });

    private void Running()
    {
        Receive<Terminated>(ended =>
        {
            Fail(new InvalidOperationException($"The actor {ended.ActorRef.Path.Name} ended by itself."));
            Ended(ended.ActorRef);
        });
        Receive<StartAnew>(_ =>
        {
            _waiting.Add(Sender);
            End(new InvalidOperationException("The cache was emptied while a text ran."));
        });
        ReceiveAny(job => _generation.Forward(job));
    }

    /// <summary>The actors are ending, or have ended and a device may still write into their frames.</summary>
    private void Stopped()
    {
        Receive<Terminated>(ended => Ended(ended.ActorRef));
        Receive<Quiet>(_ => Start());
        Receive<StartAnew>(_ => _waiting.Add(Sender));
        ReceiveAny(_ => Stash.Stash());
    }

    private void Fail(Exception error)
    {
        if (_isEnding)
            return;      // it is being dealt with: one failure often causes others
        _log.Error(error, "An actor failed; the pipeline ends its jobs and starts anew.");
        End(error);
    }

    private void End(Exception lost)
    {
        _isEnding = true;
        _onFailure(lost);
        Become(Stopped);
        foreach (IActorRef actor in _living)
            Context.Stop(actor);
    }

    private void Ended(IActorRef actor)
    {
        _living.Remove(actor);
        if (_living.Count == 0)
            StartWhenQuiet();
    }

    private void StartWhenQuiet() => _ = _parts.Io.Port.WhenQuiet.PipeTo(Self, success: () => Quiet.Instance);

    private void Start()
    {
        _isEnding = false;
        PipelineStates states = _parts.Renew();
        IActorRef io = Watched(IoActor.Props(_parts.Io, states.Fetch), "io");
        IActorRef cache = Watched(CacheActor.Props(_parts.Residency, states, _parts.Warm, io), "cache");
        IActorRef predictor = Watched(PredictorActor.Props(_parts.Predictor, states.Sets, cache), "predictor");
        IActorRef compute = Watched(ComputeActor.Props(_parts.Compute, predictor, cache), "compute");
        _generation = Watched(GenerationActor.Props(_parts.Generation, compute), "generation");
        Become(Running);
        _waiting.ForEach(asker => asker.Tell(Started.Instance));
        _waiting.Clear();
        Stash.UnstashAll();
    }

    private IActorRef Watched(Props props, string name)
    {
        IActorRef actor = Context.Watch(Context.ActorOf(props, name));
        _living.Add(actor);
        return actor;
    }

    /// <summary>
    /// All actors end and start anew, with an empty cache; <see cref="Started"/> answers when they have. Jobs that run are lost.
    /// </summary>
    internal sealed class StartAnew
    {
        public static readonly StartAnew Instance = new();
    }

    /// <summary>The actors have started, with an empty cache.</summary>
    internal sealed class Started
    {
        public static readonly Started Instance = new();
    }

    /// <summary>No read is in flight.</summary>
    private sealed class Quiet
    {
        public static readonly Quiet Instance = new();
    }
}

/// <summary>What the actors are made from; all of it outlives them.</summary>
internal sealed class PipelineParts
{
    private PipelineStates? _states;

    public required IoSetup Io { get; init; }

    public required ResidencySetup Residency { get; init; }

    public required PredictorSetup Predictor { get; init; }

    public required ComputeSetup Compute { get; init; }

    public required GenerationSetup Generation { get; init; }

    /// <summary>Makes what the actors change.</summary>
    public required Func<PipelineStates> NewStates { get; init; }

    /// <summary>What the actors that run change.</summary>
    public PipelineStates States => _states ?? Renew();

    /// <summary>Ends when the empty cache has been filled, or is not going to be; the first time, if actors start anew.</summary>
    public TaskCompletionSource Warm { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>New states for new actors.</summary>
    public PipelineStates Renew() => _states = NewStates();
}

/// <summary>What the actors change.</summary>
internal sealed record PipelineStates(CacheState Cache, FetchSetup Fetch, NeuronSetPool Sets);
