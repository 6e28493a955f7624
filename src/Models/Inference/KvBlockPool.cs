using System.Numerics;
using Neuralink.Models.Configuration;
using Neuralink.Storage;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference;

/// <summary>
/// Keys and values of all sequences as f16, in native memory: blocks of <see cref="BlockPositions"/> positions (of every layer and head),
/// which sequences take as they grow and give back when they end. Keys and values are each
/// [layer][kv head][block][position][head size], so that neighbouring blocks of one sequence are read as one.
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
    private readonly int _kvHeads;
    private readonly int _headSize;
    private readonly ulong[] _taken;      // a bit a block

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
        _kvHeads = config.KvHeadCount;
        _headSize = config.HeadSize;
        _ = checked(blockCount * blockPositions * _headSize);      // a head's rows are one span
        long bytes = RequiredBytes(config, blockCount, blockPositions) / 2;
        _keys = arena.Allocate(bytes, "kv");
        _values = arena.Allocate(bytes, "kv");
        _taken = new ulong[(blockCount + WordBits - 1) / WordBits];
    }

    /// <summary>Blocks there are.</summary>
    public int BlockCount { get; }

    /// <summary>Positions of a block.</summary>
    public int BlockPositions { get; }

    /// <summary>Blocks that no sequence has.</summary>
    public int FreeCount { get; private set; }

    /// <summary>Blocks that <paramref name="positions"/> positions of one sequence take.</summary>
    public static int BlocksFor(int positions, int blockPositions = DefaultBlockPositions) =>
        (int)(((long)positions + blockPositions - 1) / blockPositions);

    /// <summary>Bytes of keys and values of <paramref name="blockCount"/> blocks.</summary>
    public static long RequiredBytes(ModelConfig config, int blockCount, int blockPositions = DefaultBlockPositions)
    {
        long rows = (long)config.LayerCount * config.KvHeadCount * blockCount * blockPositions;
        return 2 * NativeArena.Aligned(rows * config.HeadSize * sizeof(ushort));
    }

    /// <summary>Takes the first free block, which makes neighbours of a sequence's blocks where it can. One is free.</summary>
    internal int Take()
    {
        int word = _taken.AsSpan().IndexOfAnyExcept(ulong.MaxValue), bit = BitOperations.TrailingZeroCount(~_taken[word]);
        _taken[word] |= 1UL << bit;
        FreeCount--;
        return (word * WordBits) + bit;
    }

    /// <summary>Gives a block back.</summary>
    /// <exception cref="InvalidOperationException">It is free already: two sequences believed it theirs.</exception>
    internal void Return(int block)
    {
        ulong bit = 1UL << (block % WordBits);
        if ((_taken[block / WordBits] & bit) == 0)
            throw new InvalidOperationException($"KV block {block} is returned twice.");
        _taken[block / WordBits] &= ~bit;
        FreeCount++;
    }

    /// <summary>Takes all blocks back. Of sequences that nobody uses any more.</summary>
    public void Clear()
    {
        Array.Clear(_taken);
        FreeCount = BlockCount;
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
            $"{pool.FreeCount} of {pool.BlockCount}", "wait until other sequences end, or give the KV cache more memory")
    {
        NeededBlocks = needed;
        FreeBlocks = pool.FreeCount;
    }

    /// <summary>Blocks that were to be taken.</summary>
    public int NeededBlocks { get; }

    /// <summary>Blocks that were free.</summary>
    public int FreeBlocks { get; }
}
