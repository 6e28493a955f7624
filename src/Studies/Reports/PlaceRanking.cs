using Neuralink.Studies.Cells;

namespace Neuralink.Studies.Reports;

/// <summary>The lines of a chart at one place of its axis, by time.</summary>
internal sealed class PlaceRanking
{
    // The same model and machine, simulated twice with a detail changed, differ by less for no reason.
    private const double ClearShare = 0.01;

    private readonly RankedLine[] _ranked;

    private PlaceRanking(string name, double x, string condition, RankedLine[] all)
    {
        (Name, X, Condition) = (name, x, condition);
        _ranked = [.. all.Where(r => !IsBound(r.Cell)).OrderBy(r => r.Result.TokenMillis)];
        Leaders = [.. _ranked.TakeWhile(r => !IsClear(_ranked[0].Result, r.Result, r.Cell.IsMeasured)).Select(r => r.Series)];
        Bound = all.Where(r => IsBound(r.Cell)).Select(r => (double?)r.Result.TokenMillis).Min();
    }

    /// <summary>The place in words.</summary>
    public string Name { get; }

    /// <summary>The place on the axis; 0 of a category.</summary>
    public double X { get; }

    /// <summary>The fastest lines, those that are not clearly slower than the fastest among them.</summary>
    public IReadOnlyList<string> Leaders { get; }

    /// <summary>The fastest lines in words; null where none is clearly slower.</summary>
    public string? Winner => Leaders.Count < _ranked.Length ? string.Join(" and ", Leaders.Order(StringComparer.Ordinal)) : null;

    /// <summary>The fastest line.</summary>
    public string First => _ranked[0].Series;

    /// <summary>Milliseconds of the fastest.</summary>
    public double Time => _ranked[0].Result.TokenMillis;

    /// <summary>How much less the fastest takes than the first that is clearly slower, as a share of that; 0 where there is none.</summary>
    public double Lead => Winner is null ? 0 : 1 - (_ranked[0].Result.TokenMillis / _ranked[Leaders.Count].Result.TokenMillis);

    /// <summary>Milliseconds with a lookahead that is always right; null where there is no such cell.</summary>
    public double? Bound { get; }

    /// <summary>Milliseconds of a line; null where it is not here.</summary>
    public double? TimeOf(string series) =>
        _ranked.Where(r => r.Series == series).Select(r => (double?)r.Result.TokenMillis).FirstOrDefault();

    /// <summary>What holds of all its lines beside the place, in words; empty where nothing does. Another one is another ranking.</summary>
    public string Condition { get; }

    /// <summary>The places of a chart where there are several lines, in the order of the axis.</summary>
    public static IEnumerable<PlaceRanking> Of(MatrixPanel panel)
    {
        RankedLine[] all = [.. panel.Series().SelectMany(s => s.Cells.Select(r => new RankedLine(s.Name, r.Cell, r.Result)))];
        RankedLine[] everywhere = [.. all.Where(r => !panel.IsPlaced(r.Cell))];
        return all.Where(r => panel.IsPlaced(r.Cell)).GroupBy(r => panel.CategoryOf(r.Cell), StringComparer.Ordinal)
            .Select(place => (place.Key, X: panel.XOf(place.First().Cell) ?? 0, Lines: place.Concat(everywhere).ToArray()))
            .OrderBy(place => place.X)
            .SelectMany(place => Rivals(place.Lines)
                .Select(r => new PlaceRanking(panel.PlaceName(place.Key, place.X), place.X, r.Condition, r.Lines)));
    }

    /// <summary>
    /// The lines that can be chosen among. How good lookahead is nobody chooses, and what was simulated is no rival of what was measured.
    /// </summary>
    private static IEnumerable<(string Condition, RankedLine[] Lines)> Rivals(RankedLine[] all)
    {
        foreach (IGrouping<bool, RankedLine> kind in all.GroupBy(r => r.Cell.IsMeasured))
        {
            double?[] recalls = [.. kind.Where(r => ReadsAhead(r.Cell) && !IsBound(r.Cell)).Select(r => r.Cell.LookaheadRecall).Distinct()];
            foreach (double? recall in recalls.Length > 0 ? recalls : [null])
            {
                RankedLine[] lines = [.. kind.Where(r => !ReadsAhead(r.Cell) || IsBound(r.Cell) || r.Cell.LookaheadRecall == recall)];
                if (lines.Where(r => !IsBound(r.Cell)).Select(r => r.Series).Distinct(StringComparer.Ordinal).Count() > 1)
                    yield return (recalls.Length > 1 ? $"recall {ReportNumbers.Percent(recall ?? 0)}" : "", lines);
            }
        }
    }

    private static bool ReadsAhead(StudyCell cell) => StrategySwitches.Of(cell.Strategy).ReadsAhead;

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

/// <summary>A cell of a line.</summary>
internal sealed record RankedLine(string Series, StudyCell Cell, CellResult Result);
