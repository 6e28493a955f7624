using Akka.Cluster.Sharding;
using Akka.Management.Dsl;
using Akka.Management.Cluster.Bootstrap;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Neuralink.Hosting.Cluster.Conversations;

namespace Neuralink.Hosting.Cluster.Membership;

/// <summary>Where a node is between its start and its end.</summary>
internal enum NodeState
{
    /// <summary>Its model is not ready, or it is not yet a member.</summary>
    Joining,

    /// <summary>It takes requests and runs conversations.</summary>
    Ready,

    /// <summary>It finishes what it has begun.</summary>
    Leaving,

    /// <summary>It may not take part.</summary>
    Refused,
}

/// <summary>
/// This process's part of a cluster. It joins when the model is ready, so that no conversation is placed where it would wait; it leaves
/// when the host stops, after its conversations have gone.
/// </summary>
internal sealed class ClusterNode(
    LocalEngine local, IServiceProvider services, IOptions<ClusterOptions> options, TimeProvider time, IHostApplicationLifetime lifetime,
    ILogger<ClusterNode> logger) : IHostedLifecycleService, IDisposable
{
    private const string TypeName = "conversation";
    private const string Role = "neuralink";

    private readonly TaskCompletionSource<NodeMembership> _member = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private Task _joining = Task.CompletedTask;
    private IActorRef? _conversations;

    /// <summary>This process's engine.</summary>
    public INeuralinkEngine Local => local.Engine;

    public NodeState State { get; private set; }

    /// <summary>What this node knows of the others' load.</summary>
    public LoadBoard Board { get; } = new();

    /// <summary>Ends when requests can be routed; with an error if this node is refused.</summary>
    public Task<NodeMembership> WhenMember => _member.Task;

    private ClusterOptions Options => options.Value;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _joining = Task.Run(JoinAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Lets the conversations go, while the web server and the engine still work: texts that have begun are finished, and the rest runs
    /// elsewhere. What other nodes run for this one's clients goes on until the web server has stopped.
    /// </summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _joining.ConfigureAwait(false);
        if (_conversations is null || State == NodeState.Leaving)
            return;
        State = NodeState.Leaving;
        logger.Leaving(Options.DrainGrace.TotalSeconds);
        Task left = _conversations.WatchAsync(cancellationToken);
        _conversations.Tell(GracefulShutdown.Instance);
        await Task.WhenAny(left, Task.Delay(ClusterConfiguration.HandOverMax(Options), time, cancellationToken)).ConfigureAwait(false);
        logger.Left(left.IsCompletedSuccessfully);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stopping.Dispose();

    private async Task JoinAsync()
    {
        CancellationToken stopping = _stopping.Token;
        try
        {
            ModelIdentity model = await local.IdentifyAsync().WaitAsync(stopping).ConfigureAwait(false);
            ActorSystem system = (ActorSystem)services.GetService(typeof(ActorSystem))!;
            NodeActivity activity = new();
            TaskCompletionSource decided = new(TaskCreationOptions.RunContinuationsAsynchronously);
            system.ActorOf(
                NodeActor.Props(new NodeParts(model.Name, model.Digest, Options.ReportInterval, activity, Board, decided)), NodeActor.Name);
            await JoinAsync(system).ConfigureAwait(false);
            await decided.Task.WaitAsync(stopping).ConfigureAwait(false);
            await StartConversationsAsync(system, new ConversationParts(Local, model.Digest, activity, Options))
                .ConfigureAwait(false);
            logger.Joined(AkkaCluster.Get(system).SelfAddress.ToString(), model.Name);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            _member.TrySetCanceled(stopping);
        }
        catch (Exception error)
        {
            State = NodeState.Refused;
            _member.TrySetException(error);
            _ = _member.Task.Exception;      // seen, even if nobody sends a request
            logger.Refused(error.Message);
            Environment.ExitCode = 1;
            lifetime.StopApplication();
        }
    }

    private async Task JoinAsync(ActorSystem system)
    {
        AkkaCluster cluster = AkkaCluster.Get(system);
        if (Options.Kubernetes is not null)
        {
            await AkkaManagement.Get(system).Start().ConfigureAwait(false);
            await ClusterBootstrap.Get(system).Start().ConfigureAwait(false);
        }
        else
        {
            cluster.JoinSeedNodes(Options.Seeds.Count == 0 ? [cluster.SelfAddress] : Options.Seeds.Select(AddressOf));
        }

        Address AddressOf(string seed)
        {
            _ = ClusterOptions.TryParseSeed(seed, out System.Net.DnsEndPoint at);
            return new Address(cluster.SelfAddress.Protocol, system.Name, at.Host, at.Port);
        }
    }

    /// <summary>Waits until conversations are placed on this node too.</summary>
    private async Task UntilPlacedHereAsync(ActorSystem system, IActorRef region)
    {
        Address self = AkkaCluster.Get(system).SelfAddress;
        while (true)
        {
            try
            {
                CurrentRegions regions = await region.Ask<CurrentRegions>(
                    GetCurrentRegions.Instance, Options.RetryInterval, _stopping.Token).ConfigureAwait(false);
                if (regions.Regions.Contains(self))
                    return;
            }
            catch (AskTimeoutException)
            {
                // The coordinator is on its way to another node, or on another that is busy.
            }
            await Task.Delay(Options.ReportInterval, time, _stopping.Token).ConfigureAwait(false);
        }
    }

    private async Task StartConversationsAsync(ActorSystem system, ConversationParts parts)
    {
        ClusterSharding sharding = ClusterSharding.Get(system);
        ConversationShards shards = new();
        IActorRef region = await sharding.StartAsync(
            TypeName, name => ConversationActor.Props(name, parts), ClusterShardingSettings.Create(system), shards,
            new ShortestQueueAllocation(Board), ConversationActor.Leave.Instance).ConfigureAwait(false);
        // Requests go by a proxy, which finds the other nodes' conversations still when this node's region has gone.
        IActorRef proxy = await sharding.StartProxyAsync(TypeName, Role, shards).ConfigureAwait(false);
        _conversations = region;
        await UntilPlacedHereAsync(system, region).ConfigureAwait(false);
        State = NodeState.Ready;
        _member.TrySetResult(new NodeMembership(
            system, parts.ModelDigest, Options.WindowTokens, new ReaderParts(proxy, Options.RetryInterval, Options.PlacementMax, time)));
    }
}

/// <summary>What requests need of a node that is a member.</summary>
/// <param name="System">Runs the readers.</param>
/// <param name="ModelDigest">Of the model.</param>
/// <param name="WindowTokens">As of <see cref="ClusterOptions"/>.</param>
/// <param name="Readers">What readers share.</param>
internal sealed record NodeMembership(ActorSystem System, string ModelDigest, int WindowTokens, ReaderParts Readers)
{
    /// <summary>Starts a reader.</summary>
    /// <exception cref="NodeLostException">The node has left the cluster.</exception>
    public IActorRef Read(Props reader)
    {
        try
        {
            return System.ActorOf(reader);
        }
        catch (InvalidOperationException) when (System.WhenTerminated.IsCompleted)
        {
            throw new NodeLostException("generate in the cluster", null, "this node has left it");
        }
    }
}
