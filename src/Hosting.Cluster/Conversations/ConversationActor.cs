using Akka.Cluster.Sharding;
using Neuralink.Hosting.Cluster.Membership;

namespace Neuralink.Hosting.Cluster.Conversations;

/// <summary>
/// A conversation on the node that holds its keys and values: it starts a run for each request, and ends when it has been idle or its shard
/// goes elsewhere. It has no state that would be missed; being here is all it is for.
/// </summary>
internal sealed class ConversationActor : ReceiveActor, IWithTimers
{
    private readonly ConversationParts _parts;
    private readonly Dictionary<Guid, IActorRef> _runs = [];
    private readonly int _shard;
    private bool _isLeaving;

    public ConversationActor(string conversation, ConversationParts parts)
    {
        _parts = parts;
        _shard = ConversationShards.ShardOf(conversation);
        Receive<ConversationProtocol.Generate>(Generate);
        Receive<Leave>(_ => BeginLeaving());
        Receive<GraceOver>(_ => TellRuns(RunActor.GraceOver.Instance));
        Receive<Idle>(_ => BecomeIdle());
        Receive<Terminated>(t => RunEnded(t.ActorRef));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(string conversation, ConversationParts parts) =>
        Akka.Actor.Props.Create(() => new ConversationActor(conversation, parts));

    // A run that fails beyond its own handling is not begun again: its reader sees it end.
    protected override SupervisorStrategy SupervisorStrategy() => Akka.Actor.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart() => _parts.Activity.BeginConversation(_shard);

    protected override void PostStop() => _parts.Activity.EndConversation(_shard);

    private void Generate(ConversationProtocol.Generate message)
    {
        if (_runs.TryGetValue(message.Request, out IActorRef? run))
        {
            run.Forward(message);       // the reader has not heard that it was accepted
            return;
        }
        if (_isLeaving)
        {
            Sender.Tell(new ConversationProtocol.HandedOver(message.Request));
            return;
        }
        if (message.ModelDigest != _parts.ModelDigest)
        {
            Sender.Tell(new ConversationProtocol.Failed(message.Request, 0, GenerationFailure.Of(new NeuralinkException(
                "generate on another node", $"a prompt of the model {_parts.ModelDigest}", $"one of {message.ModelDigest}",
                "give all nodes the same image"))));
            return;
        }
        Timers.Cancel(Idle.Instance);
        run = Context.ActorOf(RunActor.Props(message, Sender, _parts));
        Context.Watch(run);
        _runs.Add(message.Request, run);
    }

    private void RunEnded(IActorRef run)
    {
        foreach (Guid request in _runs.Where(r => r.Value.Equals(run)).Select(r => r.Key).ToArray())
            _runs.Remove(request);
        if (_runs.Count > 0)
            return;
        if (_isLeaving)
            Context.Stop(Self);
        else
            Timers.StartSingleTimer(Idle.Instance, Idle.Instance, _parts.Options.ConversationIdle);
    }

    private void BecomeIdle()
    {
        if (_runs.Count == 0)
            Context.Parent.Tell(new Passivate(Leave.Instance));
    }

    private void BeginLeaving()
    {
        if (_isLeaving)
            return;
        _isLeaving = true;
        if (_runs.Count == 0)
        {
            Context.Stop(Self);
            return;
        }
        TellRuns(RunActor.Leave.Instance);
        Timers.StartSingleTimer(GraceOver.Instance, GraceOver.Instance, _parts.Options.DrainGrace);
    }

    private void TellRuns(object message)
    {
        foreach (IActorRef run in _runs.Values)
            run.Tell(message);
    }

    /// <summary>The conversation is to leave this node: what has begun is finished, the rest handed over. Never crosses nodes.</summary>
    public sealed record Leave
    {
        public static Leave Instance { get; } = new();
    }

    private sealed record GraceOver
    {
        public static GraceOver Instance { get; } = new();
    }

    private sealed record Idle
    {
        public static Idle Instance { get; } = new();
    }
}

/// <summary>What conversations of a node share.</summary>
/// <param name="Engine">Generates on this node.</param>
/// <param name="ModelDigest">Of its model.</param>
/// <param name="Activity">Is told what runs here.</param>
/// <param name="Options">The cluster's.</param>
internal sealed record ConversationParts(INeuralinkEngine Engine, string ModelDigest, NodeActivity Activity, ClusterOptions Options);
