using Neuralink.Studies.Cells;

namespace Neuralink.Studies.Matrix;

/// <summary>The cells of a matrix: every combination of what its lists have.</summary>
internal static class StudyMatrix
{
    /// <summary>More cells than anybody means. They would take days.</summary>
    public const int CellsMax = 20_000;

    /// <summary>Changes one property of a cell.</summary>
    public delegate StudyCell Change(StudyCell cell);

    /// <summary>How many there are at most.</summary>
    public static double CountOf(IReadOnlyList<IReadOnlyList<Change>> dimensions) =>
        dimensions.Aggregate(1.0, (product, values) => product * values.Count);

    /// <summary>All combinations, the last dimension changing fastest; each cell once.</summary>
    public static IReadOnlyList<StudyCell> Expand(IReadOnlyList<IReadOnlyList<Change>> dimensions)
    {
        IEnumerable<StudyCell> cells = [new StudyCell { Model = "", Device = "" }];
        foreach (IReadOnlyList<Change> values in dimensions)
            cells = cells.SelectMany(cell => values.Select(change => change(cell)));
        return [.. cells.Select(Canonical).Distinct()];
    }

    /// <summary>
    /// The cell without what its strategy does not have: looked ahead to or not, a strategy that reads nothing ahead runs the same. So a
    /// dimension makes no further cells of a strategy that it says nothing about.
    /// </summary>
    private static StudyCell Canonical(StudyCell cell) => StrategySwitches.Of(cell.Strategy).ReadsAhead
        ? cell
        : cell with { LookaheadLayers = 1, LookaheadRecall = null, LookaheadPrecision = null };
}
