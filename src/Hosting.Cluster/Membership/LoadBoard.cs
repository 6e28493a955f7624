using System.Collections.Concurrent;

namespace Neuralink.Hosting.Cluster.Membership;

/// <summary>
/// What is known of each node's load: its latest report, and what was placed on it since. A burst of new conversations comes faster than
/// reports, and would otherwise go to one node as a whole. Any thread.
/// </summary>
internal sealed class LoadBoard
{
    private readonly ConcurrentDictionary<Address, Entry> _nodes = new();

    public void Update(Address node, NodeProtocol.Report report) => _nodes[node] = new Entry(report);

    public void Remove(Address node) => _nodes.TryRemove(node, out _);

    /// <summary>The latest report of a node, or null where it has sent none.</summary>
    public NodeProtocol.Report? Of(Address node) => _nodes.TryGetValue(node, out Entry? entry) ? entry.Report : null;

    /// <summary>Requests that run or wait on a node, with those that are on their way.</summary>
    public int QueueOf(Address node) => _nodes.TryGetValue(node, out Entry? entry) ? entry.Report.Queue + entry.Placed : 0;

    /// <summary>A new conversation goes to a node.</summary>
    public void Place(Address node)
    {
        if (_nodes.TryGetValue(node, out Entry? entry))
            Interlocked.Increment(ref entry.Placed);
    }

    private sealed class Entry(NodeProtocol.Report report)
    {
        public int Placed;

        public NodeProtocol.Report Report { get; } = report;
    }
}
