using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Neuralink.Models.Inference;

/// <summary>
/// Which blocks of a <see cref="KvBlockPool"/> hold keys and values of known tokens, as a tree: a block continues its parent. What follows
/// the same tokens has the same bits, so a sequence takes whole blocks over as they are. They are found by a hash of their tokens, and the
/// tokens are compared. The last block of a text that has ended may be partly filled; a sequence copies of it what it begins with.
/// </summary>
internal sealed class KvPrefixes
{
    /// <summary>The parent of a text's first block.</summary>
    public const int Root = -1;

    private readonly int _blockPositions;
    private readonly Dictionary<(int Parent, ulong Hash), int> _whole = [];
    private readonly int[] _tokens;        // [block, position]
    private readonly int[] _count;         // positions that are known, of each block; 0 where it is not in the tree
    private readonly int[] _parent;
    private readonly int[] _children;
    private readonly long[] _lastUse;
    private long _uses;

    public KvPrefixes(int blockCount, int blockPositions)
    {
        _blockPositions = blockPositions;
        _tokens = new int[checked(blockCount * blockPositions)];
        _count = new int[blockCount];
        _parent = new int[blockCount];
        _children = new int[blockCount];
        _lastUse = new long[blockCount];
    }

    public bool Has(int block) => _count[block] > 0;

    public void Touch(int block) => _lastUse[block] = ++_uses;

    /// <summary>The block that holds <paramref name="tokens"/>, a block's worth, after <paramref name="parent"/>; or null.</summary>
    public int? FindWhole(int parent, ReadOnlySpan<int> tokens) =>
        _whole.TryGetValue((parent, HashOf(tokens)), out int block) && TokensOf(block).SequenceEqual(tokens) ? block : null;

    /// <summary>
    /// The block after <paramref name="parent"/> that begins with most of <paramref name="tokens"/>, and how many these are; none where no
    /// block begins with the first.
    /// </summary>
    public (int Block, int Count)? FindBeginning(int parent, ReadOnlySpan<int> tokens)
    {
        (int Block, int Count)? best = null;
        for (int block = 0; block < _count.Length; block++)
        {
            if (_count[block] == 0 || _parent[block] != parent)
                continue;
            int common = TokensOf(block).CommonPrefixLength(tokens);
            if (common > (best?.Count ?? 0))
                best = (block, common);
        }
        return best;
    }

    /// <summary>A block holds <paramref name="tokens"/> after <paramref name="parent"/>, which is in the tree.</summary>
    /// <returns>False where another one does already; then nothing has changed.</returns>
    public bool Add(int block, int parent, ReadOnlySpan<int> tokens)
    {
        if (tokens.Length == _blockPositions && !_whole.TryAdd((parent, HashOf(tokens)), block))
            return false;
        tokens.CopyTo(_tokens.AsSpan(block * _blockPositions, _blockPositions));
        (_count[block], _parent[block]) = (tokens.Length, parent);
        if (parent != Root)
            _children[parent]++;
        Touch(block);
        return true;
    }

    /// <summary>
    /// Takes the block out that was used longest ago, among those that no sequence has and none continues. Where no sequence has a block,
    /// none has what continues it, so there is one as long as any block is kept.
    /// </summary>
    public int DropOldest(ReadOnlySpan<int> users)
    {
        int oldest = -1;
        for (int block = 0; block < _count.Length; block++)
        {
            bool isLeaf = _count[block] > 0 && users[block] == 0 && _children[block] == 0;
            if (isLeaf && (oldest < 0 || _lastUse[block] < _lastUse[oldest]))
                oldest = block;
        }
        if (oldest < 0)
            throw new InvalidOperationException("No KV block is kept.");
        Remove(oldest);
        return oldest;
    }

    public void Clear()
    {
        _whole.Clear();
        Array.Clear(_count);
        Array.Clear(_children);
    }

    private void Remove(int block)
    {
        ReadOnlySpan<int> tokens = TokensOf(block);
        if (tokens.Length == _blockPositions)
            _whole.Remove((_parent[block], HashOf(tokens)));
        if (_parent[block] != Root)
            _children[_parent[block]]--;
        _count[block] = 0;
    }

    private ReadOnlySpan<int> TokensOf(int block) => _tokens.AsSpan(block * _blockPositions, _count[block]);

    private static ulong HashOf(ReadOnlySpan<int> tokens) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(tokens));
}
