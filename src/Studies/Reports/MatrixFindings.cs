using Neuralink.Studies.Cells;

namespace Neuralink.Studies.Reports;

/// <summary>
/// What the results of a matrix support, a sentence each with its metrics in it. What they do not support is not said: a lead that is
/// within the noise, a crossing that no two places enclose.
/// </summary>
internal static class MatrixFindings
{
    // More are not read; the charts show the rest.
    private const int FindingsMax = 30;

    /// <summary>All findings, the broadest first.</summary>
    public static IReadOnlyList<string> Of(MatrixLayout layout)
    {
        IEnumerable<string> findings =
        [
            .. layout.Panels.SelectMany(Fastest),
            .. layout.Panels.SelectMany(Crossings),
            .. layout.Panels.SelectMany(Bound),
            .. layout.X is null && layout.Category is null ? layout.Panels.SelectMany(Steps) : [],
            .. CacheFindings.Of(layout),
            .. LookaheadFindings.Of(layout),
        ];
        return [.. findings.Take(FindingsMax)];
    }

    /// <summary>Which line is fastest where, and by how much.</summary>
    private static IEnumerable<string> Fastest(MatrixPanel panel) =>
        PlaceRanking.Of(panel).GroupBy(place => place.Condition, StringComparer.Ordinal)
            .Select(group => Fastest(panel, group.Key, [.. group]));

    private static string Fastest(MatrixPanel panel, string condition, PlaceRanking[] places)
    {
        string[] parts =
        [
            .. places.Where(place => place.Winner is not null).GroupBy(place => place.Winner!, StringComparer.Ordinal).Select(group =>
                $"{group.Key} {(group.First().Leaders.Count > 1 ? "are" : "is")} fastest {Where(panel, places, [.. group])}, by "
                + $"{Range([.. group.Select(place => place.Lead)])} over the next"),
        ];
        int even = places.Count(place => place.Winner is null);
        if (even > 0)
        {
            parts =
            [
                .. parts,
                even == places.Length ? "none is clearly the fastest" : $"at {even} of {places.Length} places none is clearly the fastest",
            ];
        }
        return $"{Prefix(panel, condition)}{string.Join("; ", parts)}.";
    }

    private static string Where(MatrixPanel panel, PlaceRanking[] all, PlaceRanking[] some)
    {
        if (some.Length == all.Length)
            return all.Length == 1 ? $"({some[0].Name})" : "everywhere";
        // A run of neighbours is a range; anything else is a list.
        int first = Array.IndexOf(all, some[0]);
        bool isRun = panel.HasNumbers && some.Length > 2 && all.AsSpan(first, some.Length).SequenceEqual(some);
        return isRun ? $"from {some[0].Name} to {some[^1].Name}" : $"at {string.Join(" and ", some.Select(place => place.Name))}";
    }

    private static string Range(double[] leads) => leads.Max() - leads.Min() < 0.005
        ? ReportNumbers.Percent(leads.Max())
        : $"{ReportNumbers.Percent(leads.Min())} to {ReportNumbers.Percent(leads.Max())}";

    /// <summary>Where the lead passes from one line to another, by interpolation between the places around it.</summary>
    private static IEnumerable<string> Crossings(MatrixPanel panel)
    {
        if (!panel.HasNumbers)
            yield break;
        PlaceRanking[] decided =
            [.. PlaceRanking.Of(panel).Where(place => place.Winner is not null).OrderBy(place => place.Condition, StringComparer.Ordinal)];
        foreach ((PlaceRanking before, PlaceRanking after) in decided.Zip(decided.Skip(1)))
        {
            if (before.Condition != after.Condition)
                continue;
            // Where one line leads at both places, alone or with others, the lead does not pass.
            if (before.Leaders.Intersect(after.Leaders, StringComparer.Ordinal).Any()
                || before.TimeOf(after.First) is not { } later || after.TimeOf(before.First) is not { } earlier)
            {
                continue;
            }
            double left = Math.Log(later / before.Time), right = Math.Log(after.Time / earlier);
            string at = ReportNumbers.Short(Interpolated(panel, before.X, left, after.X, right));
            yield return $"{Prefix(panel, before.Condition)}{before.First} and {after.First} take the same time at {panel.XAxis.Title} "
                + $"{at}{Unit(panel)}: "
                + $"{ReportNumbers.Short(before.Time)} and {ReportNumbers.Short(later)} ms at {before.Name}, "
                + $"{ReportNumbers.Short(earlier)} and {ReportNumbers.Short(after.Time)} ms at {after.Name}.";
        }
    }

    /// <summary>Where a value that is <paramref name="left"/> at one place and of the other sign at the next is zero.</summary>
    internal static double Interpolated(MatrixPanel panel, double x1, double left, double x2, double right)
    {
        double way = left / (left - right);
        return panel.XAxis.IsLogarithmic ? x1 * Math.Pow(x2 / x1, way) : x1 + ((x2 - x1) * way);
    }

    internal static string Unit(MatrixPanel panel) => panel.XAxis.Unit ?? "";

    internal static string Prefix(MatrixPanel panel, string condition = "")
    {
        string prefix = string.Join(", ", ((string[])[panel.Name, condition]).Where(part => part.Length > 0));
        return prefix.Length > 0 ? $"{prefix}: " : "";
    }

    /// <summary>How far the fastest are from what a lookahead that is always right would give.</summary>
    private static IEnumerable<string> Bound(MatrixPanel panel)
    {
        (PlaceRanking Place, double Bound)[] bounded =
            [.. PlaceRanking.Of(panel).Where(p => p.Bound is not null).Select(p => (p, p.Bound!.Value))];
        if (bounded.Length == 0)
            return [];
        (PlaceRanking most, double bound) = bounded.MaxBy(b => b.Place.Time / b.Bound);
        (PlaceRanking least, double other) = bounded.MinBy(b => b.Place.Time / b.Bound);
        return [$"{Prefix(panel)}a lookahead that is always right would take {Beside(most, bound)}, and {Beside(least, other)}."];

        static string Beside(PlaceRanking place, double bound) =>
            $"{ReportNumbers.Less(bound, place.Time)} time than the fastest at {place.Name} ({ReportNumbers.Short(bound)} ms instead of "
            + $"{ReportNumbers.Short(place.Time)})";
    }

    /// <summary>What each cell of a list changes, beside the one before.</summary>
    private static IEnumerable<string> Steps(MatrixPanel panel)
    {
        (StudyCell Cell, CellResult Result)[] cells = [.. panel.Results];
        foreach ((var before, var after) in cells.Zip(cells.Skip(1)))
        {
            if (!PlaceRanking.IsClear(before.Result, after.Result, before.Cell.IsMeasured || after.Cell.IsMeasured))
                continue;
            double from = before.Result.TokenMillis, to = after.Result.TokenMillis;
            yield return $"{Prefix(panel)}{panel.CategoryOf(after.Cell)} takes {ReportNumbers.Less(to, from)} than "
                + $"{panel.CategoryOf(before.Cell)}: {ReportNumbers.Short(to)} ms a token instead of {ReportNumbers.Short(from)}.";
        }
    }
}
