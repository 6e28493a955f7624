using Neuralink.Kernels;

namespace Neuralink.Models.Inference;

/// <summary>
/// The keys and values of one sequence: which blocks of a <see cref="KvBlockPool"/> hold which of its positions. It takes blocks as it
/// grows; <see cref="Truncate"/> gives them back.
/// </summary>
/// <remarks>Not written while a pass that has rows of it runs. Growing allocates nothing.</remarks>
public sealed class KvSequence
{
    private readonly KvBlockPool _pool;
    private readonly int[] _table;
    private int _blocks;

    /// <param name="pool">Where its blocks come from.</param>
    /// <param name="positionsMax">The most positions it can have.</param>
    public KvSequence(KvBlockPool pool, int positionsMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(positionsMax);
        _pool = pool;
        PositionsMax = positionsMax;
        _table = new int[KvBlockPool.BlocksFor(positionsMax, pool.BlockPositions)];
    }

    /// <summary>The most positions it can have.</summary>
    public int PositionsMax { get; }

    /// <summary>Positions it has: those that passes have computed, and those of the pass that is being put together.</summary>
    public int Length { get; private set; }

    /// <summary>Its blocks, in order of position.</summary>
    public ReadOnlySpan<int> Blocks => _table.AsSpan(0, _blocks);

    /// <summary>Blocks that <paramref name="count"/> more positions take from the pool.</summary>
    public int BlocksToAppend(int count) => KvBlockPool.BlocksFor(checked(Length + count), _pool.BlockPositions) - _blocks;

    /// <summary>
    /// Adds room for <paramref name="count"/> positions.
    /// Their keys and values are undefined until a pass has stored them.
    /// </summary>
    /// <exception cref="KvPoolExhaustedException">The pool has too few free blocks; nothing has changed.</exception>
    public void Append(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count > PositionsMax - Length)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"The sequence has {Length} of at most {PositionsMax} positions.");
        int needed = BlocksToAppend(count);
        if (needed > _pool.FreeCount)
            throw new KvPoolExhaustedException(Length + count, needed, _pool);
        for (; needed > 0; needed--)
            _table[_blocks++] = _pool.Take();
        Length += count;
    }

    /// <summary>Goes back to the first <paramref name="length"/> positions; the blocks that are then empty are the pool's again.</summary>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        int kept = KvBlockPool.BlocksFor(length, _pool.BlockPositions);
        while (_blocks > kept)
            _pool.Return(_table[--_blocks]);
        Length = length;
    }

    /// <summary>What attention reads of one head.</summary>
    internal KvHead Head(int layer, int head) =>
        new(_pool.Keys(layer, head), _pool.Values(layer, head), Blocks, _pool.BlockPositions);

    /// <summary>Stores the key and value [kv heads, head size] of one position.</summary>
    internal void Store(int layer, int position, int headSize, ReadOnlySpan<float> key, ReadOnlySpan<float> value)
    {
        int row = (Blocks[position / _pool.BlockPositions] * _pool.BlockPositions) + (position % _pool.BlockPositions);
        for (int head = 0; head < key.Length / headSize; head++)
        {
            int at = head * headSize, to = row * headSize;
            Attention.Store(key.Slice(at, headSize), _pool.Keys(layer, head).Slice(to, headSize));
            Attention.Store(value.Slice(at, headSize), _pool.Values(layer, head).Slice(to, headSize));
        }
    }
}
