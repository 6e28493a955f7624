namespace Neuralink.Kernels;

/// <summary>
/// Keys and values of one key/value head, in blocks of equally many positions: position p is row p % BlockPositions of block
/// Table[p / BlockPositions]. Blocks of one sequence may lie anywhere. A view: it holds no memory.
/// </summary>
public readonly ref struct KvHead
{
    private readonly ReadOnlySpan<int> _table;
    private readonly int _blockPositions;

    /// <param name="keys">[blocks, blockPositions, headDim], finite binary16 values.</param>
    /// <param name="values">[blocks, blockPositions, headDim].</param>
    /// <param name="table">The block of positions 0 to blockPositions - 1, of the next blockPositions, and so on.</param>
    /// <param name="blockPositions">Positions of a block, at least one.</param>
    public KvHead(ReadOnlySpan<Half> keys, ReadOnlySpan<Half> values, ReadOnlySpan<int> table, int blockPositions)
    {
        Require.AtLeast(blockPositions, 1, nameof(blockPositions));
        Keys = keys;
        Values = values;
        _table = table;
        _blockPositions = blockPositions;
    }

    internal ReadOnlySpan<Half> Keys { get; }

    internal ReadOnlySpan<Half> Values { get; }

    /// <summary>Keys and values [capacity, headDim] whose position p is row p.</summary>
    public static KvHead Contiguous(ReadOnlySpan<Half> keys, ReadOnlySpan<Half> values) => new(keys, values, [0], int.MaxValue);

    /// <summary>The row of <paramref name="position"/> in keys and values.</summary>
    internal int RowOf(int position) => checked((_table[position / _blockPositions] * _blockPositions) + (position % _blockPositions));

    /// <summary>
    /// The rows of the positions from <paramref name="position"/> to as far as they follow each other, at most to <paramref name="end"/>:
    /// neighbouring blocks are one run.
    /// </summary>
    internal KvRun RunAt(int position, int end)
    {
        int index = position / _blockPositions;
        int count = Math.Min(end - position, _blockPositions - (position % _blockPositions));
        for (; count < end - position && _table[index + 1] == _table[index] + 1; index++)
            count += Math.Min(end - position - count, _blockPositions);

        return new KvRun(RowOf(position), count);
    }

    /// <summary>Throws unless the positions [begin, end) have a block each, and every block lies in keys and values.</summary>
    internal void Validate(int begin, int end, int headDim)
    {
        Require.AtLeast(_table.Length, ((long)end + _blockPositions - 1) / _blockPositions, "table");
        for (int position = begin; position < end;)
        {
            KvRun run = RunAt(position, end);
            Require.NotNegative(run.Row, "table");
            Require.AtLeast(Keys.Length, ((long)run.Row + run.Count) * headDim, "keys");
            Require.AtLeast(Values.Length, ((long)run.Row + run.Count) * headDim, "values");
            position += run.Count;
        }
    }
}

/// <summary>Rows of keys and values that lie one after the other.</summary>
/// <param name="Row">The first.</param>
/// <param name="Count">How many.</param>
internal readonly record struct KvRun(int Row, int Count)
{
    /// <summary>These rows of <paramref name="all"/> [rows, headDim].</summary>
    public ReadOnlySpan<Half> Of(ReadOnlySpan<Half> all, int headDim) => all.Slice(Row * headDim, Count * headDim);
}
