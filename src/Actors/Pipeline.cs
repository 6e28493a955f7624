using Neuralink.Actors.Cache;
using Neuralink.Actors.Compute;
using Neuralink.Actors.Generation;
using Neuralink.Actors.Io;
using Neuralink.Actors.Prediction;
using Neuralink.Actors.Protocols;

namespace Neuralink.Actors;

/// <summary>
/// Spawns, wires and supervises the actors of one engine. The pipeline reads from flash while it computes:
/// <code>
/// Predictor         |exact n|lookahead n+1|              |exact n+1|lookahead n+2|
/// Cache/Io                  |repair n|fetch n+1 -------------------|repair n+1|fetch n+2 ------
/// Compute    |attn n|                     |ffn n|attn n+1|                       |ffn n+1|attn n+2
/// </code>
/// A layer takes a few messages, whatever the number of its neurons:
/// <code>
/// Compute -LayerReached-> Predictor -Fires-> Cache -Granted-> Compute          which of its neurons are resident
///                         Predictor -MayFire-> Cache -Fetch-> Io               what the next layer will probably want
///                         Predictor -Predicted-> Compute                       it may compute again
///                                              Cache -Fetch-> Io -Fetched-> Cache -Arrived-> Compute -Returned-> Cache
/// </code>
/// An exception in an actor is a bug (operating errors are values in messages): the actor is stopped, the running job fails with the
/// exception, and the engine takes no more work. Native memory belongs to the engine, so nothing leaks.
/// </summary>
internal sealed class PipelineActor : ReceiveActor
{
    /// <summary>The dispatchers: a thread each for those who block on nothing but keep a processor busy; the others share the thread pool.</summary>
    public const string Configuration = """
        neuralink.io-dispatcher { type = PinnedDispatcher }
        neuralink.compute-dispatcher { type = PinnedDispatcher }
        neuralink.predictor-dispatcher { type = PinnedDispatcher }
        """;

    private readonly Action<Exception> _onFailure;

    public PipelineActor(PipelineParts parts, Action<Exception> onFailure)
    {
        _onFailure = onFailure;
        IActorRef io = Context.ActorOf(
            Props.Create(() => new IoActor(parts.Io, parts.Image, parts.Device, parts.Frames, parts.ExtentSlotsMax, parts.Time, parts.IoTrace))
                .WithDispatcher("neuralink.io-dispatcher"),
            "io");
        IActorRef compute = Context.ActorOf(Props.Create(() => new ComputeActor(parts.Compute)).WithDispatcher("neuralink.compute-dispatcher"), "compute");
        IActorRef cache = Context.ActorOf(
            Props.Create(() => new CacheActor(parts.Cache, parts.Limits, parts.Strategy, parts.Image, parts.Sets, io, compute)), "cache");
        IActorRef predictor = Context.ActorOf(
            Props.Create(() => new PredictorActor(parts.Predictor, cache)).WithDispatcher("neuralink.predictor-dispatcher"), "predictor");
        IActorRef generation = Context.ActorOf(Props.Create(() => new GenerationActor(parts.Generation, compute)), "generation");
        compute.Tell(new PipelineProtocol.Wire(predictor, generation), Self);
        ReceiveAny(job => generation.Forward(job));
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(error =>
    {
        _onFailure(error);
        return Directive.Stop;
    });
}

/// <summary>What the actors are made from; all of it outlives them.</summary>
internal sealed record PipelineParts
{
    public required Storage.Image.FlashImage Image { get; init; }

    public required Storage.Devices.IFlashDevice Device { get; init; }

    public required Storage.Memory.FrameArena Frames { get; init; }

    public required CacheLimits Limits { get; init; }

    public required int ExtentSlotsMax { get; init; }

    public required StrategySwitches Strategy { get; init; }

    public required NeuronSetPool Sets { get; init; }

    public required CacheState Cache { get; init; }

    public required IoState Io { get; init; }

    public required ComputeSetup Compute { get; init; }

    public required PredictorSetup Predictor { get; init; }

    public required GenerationSetup Generation { get; init; }

    public required TimeProvider Time { get; init; }

    public required Tracing.TraceTrack? IoTrace { get; init; }
}
