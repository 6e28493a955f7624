using Akka.Cluster;

namespace Neuralink.Hosting.Cluster.Membership;

/// <summary>
/// What a node and the others tell each other: it reports several times a second, keeps the others' reports, and decides whether this node
/// may take part. The oldest member may; any other when a member that takes part has reported the same model.
/// </summary>
internal sealed class NodeActor : ReceiveActor, IWithTimers
{
    /// <summary>Its name, by which nodes find each other's.</summary>
    public const string Name = "neuralink-node";

    private readonly NodeParts _parts;
    private readonly AkkaCluster _cluster;
    private bool _isAdmitted;

    public NodeActor(NodeParts parts)
    {
        _parts = parts;
        _cluster = AkkaCluster.Get(Context.System);
        Receive<NodeProtocol.Report>(Reported);
        Receive<Tick>(_ => Report());
        Receive<ClusterEvent.CurrentClusterState>(_ => { });
        Receive<ClusterEvent.MemberRemoved>(m => _parts.Board.Remove(m.Member.Address));
        Receive<ClusterEvent.IMemberEvent>(_ => Report());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(NodeParts parts) => Akka.Actor.Props.Create(() => new NodeActor(parts));

    protected override void PreStart()
    {
        _cluster.Subscribe(Self, ClusterEvent.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent));
        Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, _parts.ReportInterval);
    }

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    private void Report()
    {
        if (!_isAdmitted && IsOldest())
            Admit();
        NodeProtocol.Report report = new(
            NodeProtocol.Version, _parts.Model, _parts.ModelDigest, _isAdmitted, _parts.Activity.Queue, _parts.Activity.IdleShards);
        _parts.Board.Update(_cluster.SelfAddress, report);
        foreach (Member member in _cluster.State.Members.Where(m => m.Address != _cluster.SelfAddress))
            Context.ActorSelection(new RootActorPath(member.Address) / "user" / Name).Tell(report);
    }

    private void Reported(NodeProtocol.Report report)
    {
        Address node = Sender.Path.Address;
        _parts.Board.Update(node, report);
        if (_isAdmitted || !report.IsAdmitted)
            return;
        if (report.ProtocolVersion != NodeProtocol.Version)
        {
            Refuse(new NeuralinkException(
                "join the cluster", $"nodes of protocol {NodeProtocol.Version}", $"{node} of protocol {report.ProtocolVersion}",
                "run the same version of Neuralink on all nodes"));
        }
        else if (report.ModelDigest != _parts.ModelDigest)
        {
            Refuse(new NeuralinkException(
                "join the cluster", $"the model of {node}, {report.Model} with digest {report.ModelDigest}",
                $"{_parts.Model} with digest {_parts.ModelDigest}", "give all nodes the same image"));
        }
        else
        {
            Admit();
        }
    }

    private void Admit()
    {
        _isAdmitted = true;
        _parts.Decided.TrySetResult();
    }

    private void Refuse(NeuralinkException why) => _parts.Decided.TrySetException(why);

    private bool IsOldest()
    {
        Member self = _cluster.SelfMember;
        return self.Status == MemberStatus.Up
            && _cluster.State.Members.Where(m => m.Status is MemberStatus.Up or MemberStatus.Leaving or MemberStatus.Exiting)
                .All(m => m.Equals(self) || self.IsOlderThan(m));
    }

    private sealed record Tick
    {
        public static Tick Instance { get; } = new();
    }
}

/// <summary>What the node's actor needs.</summary>
/// <param name="Model">What the model is called.</param>
/// <param name="ModelDigest">Which it is.</param>
/// <param name="ReportInterval">As of <see cref="ClusterOptions"/>.</param>
/// <param name="Activity">What this node does.</param>
/// <param name="Board">Gets all nodes' reports.</param>
/// <param name="Decided">Ends when this node is admitted; with an error when it is refused.</param>
internal sealed record NodeParts(
    string Model, string ModelDigest, TimeSpan ReportInterval, NodeActivity Activity, LoadBoard Board, TaskCompletionSource Decided);
