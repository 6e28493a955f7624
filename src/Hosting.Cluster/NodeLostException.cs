namespace Neuralink.Hosting.Cluster;

/// <summary>
/// The node that ran a request is gone, or none took it. The model and the request are not at fault: the same request can be sent again.
/// </summary>
public sealed class NodeLostException : NeuralinkException
{
    /// <param name="operation">What was being done.</param>
    /// <param name="expected">What had to hold, or null.</param>
    /// <param name="found">What happened to the node.</param>
    public NodeLostException(string operation, string? expected, string found)
        : base(operation, expected, found, "send the request again")
    {
    }
}
