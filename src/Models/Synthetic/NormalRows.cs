using Neuralink.Placement.Synthetic;

namespace Neuralink.Models.Synthetic;

/// <summary>
/// Rows of normal numbers: pieces of one table from random places, because drawing each of a model's thousands of millions would take
/// minutes. A row depends on its matrix and its index only, so rows are made in any order.
/// </summary>
internal sealed class NormalRows
{
    private const int TableLength = 1 << 21;

    private readonly float[] _table = new float[TableLength];
    private readonly ulong _seed;

    public NormalRows(ulong seed)
    {
        _seed = seed;
        SplitMix64 random = new(seed);
        for (int i = 0; i < _table.Length; i++)
            _table[i] = (float)random.NextNormal();
    }

    /// <summary>Row <paramref name="row"/> of a matrix, mean 0, variance 1.</summary>
    public ReadOnlySpan<float> Row(WeightPart part, int layer, int row, int columns)
    {
        SplitMix64 random = new(_seed, ((ulong)part << 56) | ((ulong)(uint)layer << 32) | (uint)row);
        return _table.AsSpan(random.NextInteger(TableLength - columns), columns);
    }
}

/// <summary>What a row of random numbers is for.</summary>
internal enum WeightPart
{
    Constant = 1,
    Cluster,
    Embedding,
    Positions,
    Projection,
    Key,
    Value,
    Neuron,
    Up,
    Down,
}
