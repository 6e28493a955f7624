using System.Collections.Immutable;
using System.Globalization;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Neuralink.Hosting.Cluster.Membership;

namespace Neuralink.Hosting.Cluster.Conversations;

/// <summary>
/// Places a shard on the node with the shortest queue; between equal ones on that with the fewest shards. Shards are never moved to even
/// out load: their conversations' keys and values are where they are, and reading the prompts again costs more. Only those without
/// conversations are given up.
/// </summary>
/// <param name="board">What nodes have reported.</param>
internal sealed class ShortestQueueAllocation(LoadBoard board) : IActorSystemDependentAllocationStrategy
{
    // Each costs a round of messages to all nodes, and a write of the coordinator's state.
    private const int ReleasedMax = 64;

    private AkkaCluster? _cluster;

    public void Start(ActorSystem system) => _cluster = AkkaCluster.Get(system);

    public Task<IActorRef> AllocateShard(
        IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations)
    {
        HashSet<Address> leaving = [.. _cluster!.State.Members.Where(m => m.Status != MemberStatus.Up).Select(m => m.Address)];
        IActorRef region = Choose(
            currentShardAllocations.Select(r => (r.Key, NodeOf(r.Key), r.Value.Count)), n => !leaving.Contains(n), board.QueueOf);
        board.Place(NodeOf(region));
        return Task.FromResult(region);
    }

    public Task<IImmutableSet<string>> Rebalance(
        IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress)
    {
        // A shard is given up when all nodes have agreed; one that does not answer would only delay that.
        if (!_cluster!.State.Unreachable.IsEmpty || rebalanceInProgress.Count > 0)
            return Task.FromResult<IImmutableSet<string>>(ImmutableHashSet<string>.Empty);
        IImmutableSet<string> idle = currentShardAllocations
            .SelectMany(r => Idle(NodeOf(r.Key)).Intersect(r.Value, StringComparer.Ordinal))
            .Take(ReleasedMax)
            .ToImmutableHashSet(StringComparer.Ordinal);
        return Task.FromResult(idle);
    }

    /// <summary>The region to place a shard on.</summary>
    /// <param name="regions">Each with its node and the number of its shards.</param>
    /// <param name="isStaying">Whether a node is not about to leave.</param>
    /// <param name="queueOf">The length of a node's queue.</param>
    internal static T Choose<T>(
        IEnumerable<(T Region, Address Node, int Shards)> regions, Func<Address, bool> isStaying, Func<Address, int> queueOf) =>
        regions
            .OrderByDescending(r => isStaying(r.Node))
            .ThenBy(r => queueOf(r.Node))
            .ThenBy(r => r.Shards)
            .ThenBy(r => r.Node.ToString(), StringComparer.Ordinal)
            .First().Region;

    private IEnumerable<string> Idle(Address node) =>
        board.Of(node)?.IdleShards.Select(s => s.ToString(CultureInfo.InvariantCulture)) ?? [];

    private Address NodeOf(IActorRef region) =>
        region.Path.Address.HasLocalScope ? _cluster!.SelfAddress : region.Path.Address;
}
