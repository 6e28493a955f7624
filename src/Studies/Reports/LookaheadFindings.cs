namespace Neuralink.Studies.Reports;

/// <summary>When reading ahead pays, by cells that differ in nothing else.</summary>
internal static class LookaheadFindings
{
    public static IEnumerable<string> Of(MatrixLayout layout)
    {
        LookaheadPair[] pairs = [.. LookaheadPair.Of(layout).Where(p => p.Ahead.Cell is not { LookaheadRecall: 1, LookaheadPrecision: 1 })];
        LookaheadPair[] clear = [.. pairs.Where(IsClear)];
        LookaheadPair[] gains = [.. clear.Where(p => p.Gain > 1)], losses = [.. clear.Where(p => p.Gain < 1)];
        if (clear.Length == 0)
            yield break;
        string text = $"Reading ahead pays in {gains.Length} of {pairs.Length} cells and costs in {losses.Length}";
        if (gains.Length > 0)
            text += $"; it brings most, {Gained(gains.MaxBy(p => p.Gain)!)}, with {layout.NameOf(gains.MaxBy(p => p.Gain)!.Ahead.Cell)}";
        if (losses.Length > 0)
            text += $"; it costs most, {Gained(losses.MinBy(p => p.Gain)!)}, with {layout.NameOf(losses.MinBy(p => p.Gain)!.Ahead.Cell)}";
        yield return text + ".";
        if (layout.X?.Name.StartsWith("lookahead", StringComparison.Ordinal) == true)
        {
            foreach (string crossing in Crossings(layout, pairs))
                yield return crossing;
        }
    }

    private static bool IsClear(LookaheadPair pair) => PlaceRanking.IsClear(
        pair.Ahead.Result, pair.Without.Result, pair.Ahead.Cell.IsMeasured || pair.Without.Cell.IsMeasured);

    private static string Gained(LookaheadPair pair) =>
        $"{ReportNumbers.Less(pair.Ahead.Result.TokenMillis, pair.Without.Result.TokenMillis)} time";

    /// <summary>From where on along the axis it pays; both sides must be clear.</summary>
    private static IEnumerable<string> Crossings(MatrixLayout layout, IEnumerable<LookaheadPair> pairs)
    {
        foreach (var group in pairs.GroupBy(p => (p.Panel, Series: MatrixLayout.NameOf(p.Ahead.Cell, layout.SeriesKeys))))
        {
            MatrixPanel panel = group.Key.Panel;
            LookaheadPair[] line = [.. group.OrderBy(p => panel.XOf(p.Ahead.Cell))];
            int changes = line.Zip(line.Skip(1)).Count(two => two.First.Gain < 1 != two.Second.Gain < 1);
            if (changes != 1 || !IsClear(line[0]) || !IsClear(line[^1]) || line[0].Gain > line[^1].Gain)
                continue;
            int at = Array.FindIndex(line, p => p.Gain >= 1);
            (LookaheadPair before, LookaheadPair after) = (line[at - 1], line[at]);
            double x1 = panel.XOf(before.Ahead.Cell)!.Value, x2 = panel.XOf(after.Ahead.Cell)!.Value;
            double x = MatrixFindings.Interpolated(panel, x1, Math.Log(before.Gain), x2, Math.Log(after.Gain));
            string from = $"{panel.XAxis.Title} {ReportNumbers.Short(x)}{MatrixFindings.Unit(panel)}";
            yield return $"{MatrixFindings.Prefix(panel)}{group.Key.Series} pays from {from} on: {Gained(line[0])} at "
                + $"{panel.PlaceOf(line[0].Ahead.Cell)}, {Gained(line[^1])} at {panel.PlaceOf(line[^1].Ahead.Cell)}.";
        }
    }
}
