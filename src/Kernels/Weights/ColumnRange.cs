namespace Neuralink.Kernels;

/// <summary>The columns [Begin, End) of a row of Columns: as a rule, a worker's share.</summary>
/// <param name="Columns">Of the whole row.</param>
/// <param name="Begin">The first one; a multiple of <see cref="Granularity"/>, because neighbours share a scale.</param>
/// <param name="End">One past the last.</param>
public readonly record struct ColumnRange(int Columns, int Begin, int End)
{
    /// <summary>What a range's beginning is a multiple of.</summary>
    public const int Granularity = 32;

    /// <summary>Columns in the range.</summary>
    public int Count => End - Begin;

    /// <summary>All columns.</summary>
    public static ColumnRange Whole(int columns) => new(columns, 0, columns);

    /// <summary>Throws for what is no range of a row.</summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    internal void Validate()
    {
        Require.NotNegative(Begin, nameof(Begin));
        Require.Multiple(Begin, Granularity, nameof(Begin));
        Require.AtLeast(End, Begin, nameof(End));
        Require.AtLeast(Columns, End, nameof(Columns));
    }
}
