namespace Neuralink.Hosting.Cluster.Membership;

/// <summary>What this node has to do: requests, and conversations by their shard. Any thread.</summary>
internal sealed class NodeActivity
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, int> _conversations = [];      // by shard; 0 is a shard whose last conversation ended
    private int _queue;

    /// <summary>Requests that run or wait here.</summary>
    public int Queue => Volatile.Read(ref _queue);

    /// <summary>Shards that had conversations and have none.</summary>
    public IReadOnlyList<int> IdleShards
    {
        get
        {
            lock (_gate)
                return [.. _conversations.Where(s => s.Value == 0).Select(s => s.Key)];
        }
    }

    public void BeginRun() => Interlocked.Increment(ref _queue);

    public void EndRun() => Interlocked.Decrement(ref _queue);

    public void BeginConversation(int shard)
    {
        lock (_gate)
            _conversations[shard] = _conversations.GetValueOrDefault(shard) + 1;
    }

    public void EndConversation(int shard)
    {
        lock (_gate)
            _conversations[shard]--;
    }
}
