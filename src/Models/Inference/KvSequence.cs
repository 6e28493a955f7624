using Neuralink.Kernels;

namespace Neuralink.Models.Inference;

/// <summary>
/// The keys and values of one sequence: which blocks of a <see cref="KvBlockPool"/> hold which of its positions. It takes blocks as it
/// grows; <see cref="Truncate"/> gives them back. It begins with what others have computed of the same tokens
/// (<see cref="Attach"/>), and offers what it has computed to others (<see cref="Offer"/>).
/// </summary>
/// <remarks>Not written while a pass that has rows of it runs. Growing allocates nothing.</remarks>
public sealed class KvSequence
{
    private readonly KvBlockPool _pool;
    private readonly int[] _table;
    private int _blocks;
    private int _offered;      // its first blocks, which others may have too: not written any more

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
        if (needed > _pool.AvailableCount)
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
        if (length < _offered * _pool.BlockPositions && length % _pool.BlockPositions != 0)
            throw new ArgumentOutOfRangeException(nameof(length), length, "It lies within a block that others may have too.");
        int kept = KvBlockPool.BlocksFor(length, _pool.BlockPositions);
        while (_blocks > kept)
            _pool.Return(_table[--_blocks]);
        _offered = Math.Min(_offered, _blocks);
        Length = length;
    }

    /// <summary>
    /// Takes over, for an empty sequence, what is known of the beginning of its <paramref name="tokens"/>: whole blocks as they are, and of
    /// the next a copy of what it begins with. The last token is left to be run in any case: what follows it is wanted.
    /// </summary>
    /// <returns>Positions found; the sequence has them.</returns>
    public int Attach(ReadOnlySpan<int> tokens)
    {
        if (Length > 0)
            throw new InvalidOperationException($"The sequence has {Length} positions already.");
        int most = tokens.Length - 1, size = _pool.BlockPositions, last = KvPrefixes.Root;
        while (Length + size <= most && _pool.Prefixes.FindWhole(last, tokens.Slice(Length, size)) is { } block)
        {
            _pool.Share(block);
            _table[_blocks++] = last = block;
            Length += size;
        }
        _offered = _blocks;
        if (Length < most && _pool.Prefixes.FindBeginning(last, tokens[Length..most]) is { } next)
            TakeCopy(next.Block, next.Count);
        return Length;
    }

    /// <summary>
    /// Lets sequences that begin with the same tokens have the blocks that are full by now. Where another sequence has offered the same
    /// meanwhile, its blocks take the place of one's own.
    /// </summary>
    /// <param name="tokens">Its tokens, at least as many as <paramref name="computed"/>.</param>
    /// <param name="computed">Of how many of them passes have stored keys and values.</param>
    public void Offer(ReadOnlySpan<int> tokens, int computed)
    {
        int size = _pool.BlockPositions;
        for (; (_offered + 1) * size <= computed; _offered++)
        {
            int parent = ParentOf(_offered);
            ReadOnlySpan<int> held = tokens.Slice(_offered * size, size);
            if (_pool.Prefixes.Add(_table[_offered], parent, held))
                continue;
            if (_pool.Prefixes.FindWhole(parent, held) is not { } same)
                return;      // other tokens with the same hash: these stay one's own, and so does what follows
            _pool.Share(same);
            _pool.Return(_table[_offered]);
            _table[_offered] = same;
        }
    }

    /// <summary>Ends the sequence, and keeps what it has computed for later ones until its room is needed.</summary>
    /// <param name="tokens">As of <see cref="Offer"/>.</param>
    /// <param name="computed">As of <see cref="Offer"/>.</param>
    public void EndKept(ReadOnlySpan<int> tokens, int computed)
    {
        Offer(tokens, computed);
        int begin = _offered * _pool.BlockPositions;
        if (begin < computed && computed - begin < _pool.BlockPositions)
            _pool.Prefixes.Add(_table[_offered], ParentOf(_offered), tokens[begin..computed]);
        Truncate(0);
    }

    /// <summary>What attention reads of one head.</summary>
    internal KvHead Head(int layer, int head) =>
        new(_pool.Keys(layer, head), _pool.Values(layer, head), Blocks, _pool.BlockPositions);

    private int ParentOf(int index) => index == 0 ? KvPrefixes.Root : _table[index - 1];

    private void TakeCopy(int source, int positions)
    {
        _pool.Share(source);      // stays while the copy's block is taken
        if (_pool.AvailableCount > 0)
        {
            int copy = _pool.Take();
            _pool.Copy(source, copy, positions);
            _table[_blocks++] = copy;
            Length += positions;
        }
        _pool.Return(source);
    }

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
