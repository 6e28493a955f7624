using Neuralink.Studies.Cells;

namespace Neuralink.Studies.Reports;

/// <summary>The lines of a chart at one place of its axis, by time.</summary>
internal sealed class PlaceRanking
{
    // The same model and machine, simulated twice with a detail changed, differ by less for no reason.
    private const double ClearShare = 0.01;

    private readonly (string Series, StudyCell Cell, CellResult Result)[] _ranked;

    private PlaceRanking(string name, double x, (string Series, StudyCell Cell, CellResult Result)[] all)
    {
        (Name, X) = (name, x);
        _ranked = [.. all.Where(r => !IsBound(r.Cell)).OrderBy(r => r.Result.TokenMillis)];
        Bound = all.Where(r => IsBound(r.Cell)).Select(r => (double?)r.Result.TokenMillis).Min();
    }

    /// <summary>The place in words.</summary>
    public string Name { get; }

    /// <summary>The place on the axis; 0 of a category.</summary>
    public double X { get; }

    /// <summary>The fastest line; null where it is not clear.</summary>
    public string? Winner => IsClear(_ranked[0].Result, _ranked[1].Result, _ranked[0].Cell.IsMeasured || _ranked[1].Cell.IsMeasured)
        ? _ranked[0].Series
        : null;

    /// <summary>Milliseconds of the fastest.</summary>
    public double Time => _ranked[0].Result.TokenMillis;

    /// <summary>How much less the fastest takes than the next, as a share of the next.</summary>
    public double Lead => 1 - (_ranked[0].Result.TokenMillis / _ranked[1].Result.TokenMillis);

    /// <summary>Milliseconds with a lookahead that is always right; null where there is no such cell.</summary>
    public double? Bound { get; }

    /// <summary>Milliseconds of a line; null where it is not here.</summary>
    public double? TimeOf(string series) =>
        _ranked.Where(r => r.Series == series).Select(r => (double?)r.Result.TokenMillis).FirstOrDefault();

    /// <summary>The places of a chart where there are several lines, in the order of the axis.</summary>
    public static IEnumerable<PlaceRanking> Of(MatrixPanel panel)
    {
        (string Series, StudyCell Cell, CellResult Result)[] all =
            [.. panel.Series().SelectMany(s => s.Cells.Select(r => (s.Name, r.Cell, r.Result)))];
        (string Series, StudyCell Cell, CellResult Result)[] everywhere = [.. all.Where(r => !panel.IsPlaced(r.Cell))];
        return all.Where(r => panel.IsPlaced(r.Cell)).GroupBy(r => panel.CategoryOf(r.Cell), StringComparer.Ordinal)
            .Select(group => (group.Key, X: panel.XOf(group.First().Cell) ?? 0, Lines: group.Concat(everywhere).ToArray()))
            .Where(place => place.Lines.Where(r => !IsBound(r.Cell)).Select(r => r.Series).Distinct(StringComparer.Ordinal).Count() > 1)
            .OrderBy(place => place.X)
            .Select(place => new PlaceRanking(panel.PlaceName(place.Key, place.X), place.X, place.Lines));
    }

    /// <summary>
    /// Whether two times differ for a reason: by a hundredth where both are simulated, which is deterministic; where one is measured, by
    /// more than the deviations of both together as well.
    /// </summary>
    public static bool IsClear(CellResult one, CellResult other, bool isMeasured)
    {
        double difference = Math.Abs(one.TokenMillis - other.TokenMillis);
        double noise = isMeasured ? double.Hypot(one.TokenMillisDeviation, other.TokenMillisDeviation) : 0;
        return difference > noise && difference >= ClearShare * Math.Max(one.TokenMillis, other.TokenMillis);
    }

    /// <summary>Whether it is no way to run a model, but a bound: its lookahead is always right.</summary>
    private static bool IsBound(StudyCell cell) => cell is { LookaheadRecall: 1, LookaheadPrecision: 1 };
}
