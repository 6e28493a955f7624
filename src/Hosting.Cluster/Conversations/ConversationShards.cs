using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Akka.Cluster.Sharding;

namespace Neuralink.Hosting.Cluster.Conversations;

/// <summary>
/// Which shard a conversation is in. Akka.Cluster.Sharding places shards, not conversations, and a shard stays where it was placed. A
/// shard of its own for each conversation would place each exactly, but every shard is an entry of a state that is copied to most nodes
/// whenever one is placed. So there are as many shards as leave that state below 100 KiB: with 50 conversations alive, a new one has a
/// node to itself in 99 of 100 cases, and shares the node of another in the rest. Shards without conversations are given up
/// (<see cref="ShortestQueueAllocation"/>), so that the next conversation in them is placed anew.
/// </summary>
internal sealed class ConversationShards : IMessageExtractor
{
    public const int ShardCount = 4096;

    public static int ShardOf(string conversation) =>
        (int)(XxHash32.HashToUInt32(Encoding.UTF8.GetBytes(conversation)) % ShardCount);

    public string? EntityId(object message) => (message as ConversationProtocol.Generate)?.Conversation;

    public object EntityMessage(object message) => message;

    public string? ShardId(object message) =>
        message is ConversationProtocol.Generate generate ? ShardId(generate.Conversation) : null;

    public string ShardId(string entityId, object? messageHint = null) =>
        ShardOf(entityId).ToString(CultureInfo.InvariantCulture);
}
