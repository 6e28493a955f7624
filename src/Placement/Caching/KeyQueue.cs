namespace Neuralink.Placement.Caching;

/// <summary>A queue of keys, oldest first, as a linked list: any key can leave from any place.</summary>
/// <param name="links">The list's links. Queues that exchange keys share them, because a key is in at most one of these queues.</param>
internal sealed class KeyQueue(KeyLinks links)
{
    public int Count { get; private set; }

    /// <summary>The key that has been in the queue longest, or <see cref="CachePolicy.None"/>.</summary>
    public int Oldest { get; private set; } = CachePolicy.None;

    private int Newest { get; set; } = CachePolicy.None;

    public void Add(int key)
    {
        links.Older[key] = Newest;
        links.Newer[key] = CachePolicy.None;
        if (Newest == CachePolicy.None)
            Oldest = key;
        else
            links.Newer[Newest] = key;
        Newest = key;
        Count++;
    }

    public void Remove(int key)
    {
        int older = links.Older[key], newer = links.Newer[key];
        if (older == CachePolicy.None)
            Oldest = newer;
        else
            links.Newer[older] = newer;
        if (newer == CachePolicy.None)
            Newest = older;
        else
            links.Older[newer] = older;
        Count--;
    }

    public int RemoveOldest()
    {
        int key = Oldest;
        Remove(key);
        return key;
    }
}

/// <summary>The neighbours of each key in the queue that holds it.</summary>
internal sealed class KeyLinks(int keyCount)
{
    public int[] Older { get; } = new int[keyCount];

    public int[] Newer { get; } = new int[keyCount];
}
