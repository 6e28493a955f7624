using System.Numerics;
using Neuralink.Models.Configuration;
using Neuralink.Storage;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference;

/// <summary>
/// Keys and values of all sequences as f16, in native memory: blocks of <see cref="BlockPositions"/> positions (of every layer and head),
/// which sequences take as they grow and give back when they end. Keys and values are each
/// [layer][kv head][block][position][head size], so that neighbouring blocks of one sequence are read as one. Sequences that begin alike
/// share blocks (<see cref="KvPrefixes"/>); what was shared stays, when nobody uses it any more, until its room is needed.
/// </summary>
/// <remarks>Whoever puts passes together takes and returns blocks; no two threads do so at once.</remarks>
public sealed class KvBlockPool
{
    /// <summary>
    /// Default of a block's positions. The kernels go over 32 rows at a time, so smaller blocks would cost attention time; larger ones
    /// leave more of a sequence's last block unused.
    /// </summary>
    public const int DefaultBlockPositions = 32;

    private const int WordBits = 64;

    private readonly NativeBuffer _keys;
    private readonly NativeBuffer _values;
    private readonly int _layers;
    private readonly int _kvHeads;
    private readonly int _headSize;
    private readonly ulong[] _taken;      // a bit a block
    private readonly int[] _users;        // sequences that have it, of each block

    /// <summary>Takes <see cref="RequiredBytes"/> from <paramref name="arena"/>.</summary>
    /// <param name="arena">Where the blocks live.</param>
    /// <param name="config">Says layers, heads and their size.</param>
    /// <param name="blockCount">Blocks, at least one; <see cref="BlocksFor"/> says how many.</param>
    /// <param name="blockPositions">Positions of a block, at least one.</param>
    public KvBlockPool(NativeArena arena, ModelConfig config, int blockCount, int blockPositions = DefaultBlockPositions)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockPositions);
        BlockCount = FreeCount = blockCount;
        BlockPositions = blockPositions;
        _layers = config.LayerCount;
        _kvHeads = config.KvHeadCount;
        _headSize = config.HeadSize;
        _ = checked(blockCount * blockPositions * _headSize);      // a head's rows are one span
        long bytes = RequiredBytes(config, blockCount, blockPositions) / 2;
        _keys = arena.Allocate(bytes, "kv");
        _values = arena.Allocate(bytes, "kv");
        _taken = new ulong[(blockCount + WordBits - 1) / WordBits];
        _users = new int[blockCount];
        Prefixes = new KvPrefixes(blockCount, blockPositions);
    }

    /// <summary>Blocks there are.</summary>
    public int BlockCount { get; }

    /// <summary>Positions of a block.</summary>
    public int BlockPositions { get; }

    /// <summary>Blocks that hold nothing.</summary>
    public int FreeCount { get; private set; }

    /// <summary>Blocks that no sequence has, and that are kept for one that begins with what they hold.</summary>
    public int KeptCount { get; private set; }

    /// <summary>Blocks that a sequence can take.</summary>
    public int AvailableCount => FreeCount + KeptCount;

    /// <summary>What blocks hold whose contents later sequences may share.</summary>
    internal KvPrefixes Prefixes { get; }

    /// <summary>Blocks that <paramref name="positions"/> positions of one sequence take.</summary>
    public static int BlocksFor(int positions, int blockPositions = DefaultBlockPositions) =>
        (int)(((long)positions + blockPositions - 1) / blockPositions);

    /// <summary>Bytes of keys and values of <paramref name="blockCount"/> blocks.</summary>
    public static long RequiredBytes(ModelConfig config, int blockCount, int blockPositions = DefaultBlockPositions)
    {
        long rows = (long)config.LayerCount * config.KvHeadCount * blockCount * blockPositions;
        return 2 * NativeArena.Aligned(rows * config.HeadSize * sizeof(ushort));
    }

    /// <summary>
    /// Takes the first free block, which makes neighbours of a sequence's blocks where it can; where none is free, the kept one that was
    /// used longest ago. One is available.
    /// </summary>
    internal int Take()
    {
        int block;
        if (FreeCount > 0)
        {
            int word = _taken.AsSpan().IndexOfAnyExcept(ulong.MaxValue), bit = BitOperations.TrailingZeroCount(~_taken[word]);
            _taken[word] |= 1UL << bit;
            block = (word * WordBits) + bit;
            FreeCount--;
        }
        else
        {
            block = Prefixes.DropOldest(_users);
            KeptCount--;
        }
        _users[block] = 1;
        return block;
    }

    /// <summary>One more sequence uses a block that is in <see cref="Prefixes"/>.</summary>
    internal void Share(int block)
    {
        if (_users[block]++ == 0)
            KeptCount--;
        Prefixes.Touch(block);
    }

    /// <summary>A sequence gives a block back.</summary>
    /// <exception cref="InvalidOperationException">Nobody has it: two sequences believed it theirs.</exception>
    internal void Return(int block)
    {
        if (_users[block] == 0)
            throw new InvalidOperationException($"KV block {block} is returned twice.");
        if (--_users[block] > 0)
            return;
        if (Prefixes.Has(block))
        {
            KeptCount++;
            return;
        }
        _taken[block / WordBits] &= ~(1UL << (block % WordBits));
        FreeCount++;
    }

    /// <summary>Copies the first positions of a block to another.</summary>
    internal void Copy(int from, int to, int positions)
    {
        int size = BlockPositions * _headSize, count = positions * _headSize;
        for (int layer = 0; layer < _layers; layer++)
        {
            for (int head = 0; head < _kvHeads; head++)
            {
                Span<Half> keys = Keys(layer, head), values = Values(layer, head);
                keys.Slice(from * size, count).CopyTo(keys[(to * size)..]);
                values.Slice(from * size, count).CopyTo(values[(to * size)..]);
            }
        }
    }

    /// <summary>Takes all blocks back and keeps nothing. Of sequences that nobody uses any more.</summary>
    public void Clear()
    {
        Array.Clear(_taken);
        Array.Clear(_users);
        Prefixes.Clear();
        (FreeCount, KeptCount) = (BlockCount, 0);
    }

    /// <summary>The keys of one head, [blocks, block positions, head size].</summary>
    internal Span<Half> Keys(int layer, int head) => Head(_keys, layer, head);

    /// <summary>The values of one head, [blocks, block positions, head size].</summary>
    internal Span<Half> Values(int layer, int head) => Head(_values, layer, head);

    private Span<Half> Head(NativeBuffer buffer, int layer, int head)
    {
        int size = BlockCount * BlockPositions * _headSize;
        return buffer.Span<Half>((((long)layer * _kvHeads) + head) * size, size);
    }
}

/// <summary>The KV cache has no room for what a sequence needs: others must end first, or the pool is too small.</summary>
public sealed class KvPoolExhaustedException : NeuralinkException
{
    internal KvPoolExhaustedException(int positions, int needed, KvBlockPool pool)
        : base(
            $"take a sequence on to {positions} tokens", $"{needed} free KV blocks of {pool.BlockPositions} tokens",
            $"{pool.AvailableCount} of {pool.BlockCount}", "wait until other sequences end, or give the KV cache more memory")
    {
        NeededBlocks = needed;
        FreeBlocks = pool.AvailableCount;
    }

    /// <summary>Blocks that were to be taken.</summary>
    public int NeededBlocks { get; }

    /// <summary>Blocks that were free, or kept for nobody yet.</summary>
    public int FreeBlocks { get; }
}
