using Neuralink.Hosting.Cluster.Conversations;

namespace Neuralink.Hosting.Cluster.Membership;

/// <summary>What nodes tell each other about themselves.</summary>
internal static class NodeProtocol
{
    /// <summary>The version of all messages together: nodes of different ones do not work together.</summary>
    public const int Version = 1;

    /// <summary>How a node is doing; sent to every node several times a second, so a lost one is no harm.</summary>
    /// <param name="ProtocolVersion">The sender's <see cref="Version"/>.</param>
    /// <param name="Model">What its model is called.</param>
    /// <param name="ModelDigest">Which model it is.</param>
    /// <param name="IsAdmitted">Whether it takes part: its model is that of the cluster.</param>
    /// <param name="Queue">Requests that run or wait on it.</param>
    /// <param name="IdleShards">Of its shards, those without a conversation.</param>
    public sealed record Report(
        int ProtocolVersion, string Model, string ModelDigest, bool IsAdmitted, int Queue, IReadOnlyList<int> IdleShards) : IWireMessage;
}
