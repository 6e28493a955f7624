using Microsoft.Extensions.Logging;

namespace Neuralink.Hosting.Cluster.Membership;

/// <summary>What the host's log is told of the cluster.</summary>
internal static partial class ClusterLog
{
    [LoggerMessage(101, LogLevel.Information, "{Node} is a member of the cluster, with {Model}")]
    public static partial void Joined(this ILogger logger, string node, string model);

    [LoggerMessage(102, LogLevel.Critical, "This node does not take part: {Reason}")]
    public static partial void Refused(this ILogger logger, string reason);

    [LoggerMessage(103, LogLevel.Information, "Leaving the cluster; texts that have begun have {Seconds} s to finish")]
    public static partial void Leaving(this ILogger logger, double seconds);

    [LoggerMessage(104, LogLevel.Information, "Left the conversations to other nodes; all of them: {All}")]
    public static partial void Left(this ILogger logger, bool all);
}
