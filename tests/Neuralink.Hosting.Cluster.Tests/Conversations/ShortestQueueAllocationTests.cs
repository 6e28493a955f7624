using Neuralink.Hosting.Cluster.Conversations;
using Neuralink.Hosting.Cluster.Membership;

namespace Neuralink.Hosting.Cluster.Tests.Conversations;

/// <summary>Where a new conversation goes.</summary>
public sealed class ShortestQueueAllocationTests
{
    private static readonly Address[] s_nodes =
        [.. Enumerable.Range(0, 3).Select(n => new Address("akka.tcp", "neuralink", $"node{n}", 1))];

    [Theory]
    [InlineData(new[] { 2, 1, 3 }, new[] { 0, 9, 0 }, -1, 1)]     // the shortest queue
    [InlineData(new[] { 2, 2, 2 }, new[] { 5, 4, 3 }, -1, 2)]     // of equal ones the fewest conversations
    [InlineData(new[] { 0, 0, 0 }, new[] { 1, 1, 1 }, -1, 0)]     // and then always the same
    [InlineData(new[] { 0, 5, 6 }, new[] { 0, 0, 0 }, 0, 1)]      // not the one that leaves
    public void A_conversation_goes_to_the_shortest_queue(int[] queues, int[] shards, int leaving, int expected) =>
        ShortestQueueAllocation.Choose(
            s_nodes.Select((n, i) => (i, n, shards[i])), n => leaving < 0 || n != s_nodes[leaving], n => queues[Array.IndexOf(s_nodes, n)])
            .Should().Be(expected);

    [Fact]
    public void What_was_placed_since_the_last_report_counts()
    {
        LoadBoard board = new();
        board.Update(s_nodes[0], Report(queue: 1));
        board.Place(s_nodes[0]);
        board.Place(s_nodes[0]);
        board.QueueOf(s_nodes[0]).Should().Be(3);
        board.Update(s_nodes[0], Report(queue: 3));
        board.QueueOf(s_nodes[0]).Should().Be(3);
        board.Remove(s_nodes[0]);
        board.Of(s_nodes[0]).Should().BeNull();
    }

    [Fact]
    public void Shards_are_idle_when_their_last_conversation_has_ended()
    {
        NodeActivity activity = new();
        activity.BeginConversation(3);
        activity.BeginConversation(3);
        activity.BeginConversation(4);
        activity.EndConversation(3);
        activity.IdleShards.Should().BeEmpty();
        activity.EndConversation(3);
        activity.IdleShards.Should().Equal(3);
        activity.BeginConversation(3);
        activity.IdleShards.Should().BeEmpty();
    }

    private static NodeProtocol.Report Report(int queue) => new(1, "model", "digest", true, queue, []);
}
