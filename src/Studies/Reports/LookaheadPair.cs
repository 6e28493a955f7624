using Neuralink.Studies.Cells;

namespace Neuralink.Studies.Reports;

/// <summary>A cell whose strategy reads ahead, and the one that is the same but does not.</summary>
/// <param name="Panel">Their chart.</param>
/// <param name="Ahead">That reads ahead.</param>
/// <param name="Without">That does not.</param>
internal sealed record LookaheadPair(
    MatrixPanel Panel, (StudyCell Cell, CellResult Result) Ahead, (StudyCell Cell, CellResult Result) Without)
{
    /// <summary>The time without over the time with: above 1 it pays.</summary>
    public double Gain => Without.Result.TokenMillis / Ahead.Result.TokenMillis;

    /// <summary>Those that a matrix has.</summary>
    public static LookaheadPair[] Of(MatrixLayout layout) =>
    [
        .. layout.Panels.SelectMany(panel => panel.Results.Where(r => StrategySwitches.Of(r.Cell.Strategy).ReadsAhead).SelectMany(ahead =>
        {
            StudyCell other = WithoutReadingAhead(ahead.Cell);
            return panel.Results.Where(r => r.Cell == other).Select(without => new LookaheadPair(panel, ahead, without));
        })),
    ];

    private static StudyCell WithoutReadingAhead(StudyCell cell) => cell with
    {
        Strategy = StrategySwitches.Of(cell.Strategy).Clusters ? ExecutionStrategy.Cluster : ExecutionStrategy.Serial,
        LookaheadLayers = 1,
        LookaheadRecall = null,
        LookaheadPrecision = null,
    };
}
