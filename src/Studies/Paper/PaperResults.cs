using Neuralink.Studies.Cells;
using Neuralink.Studies.Matrix;

namespace Neuralink.Studies.Paper;

/// <summary>What came of the paper's cells. What failed, or was not run, is missing.</summary>
internal sealed class PaperResults(IReadOnlyList<CellOutcome> outcomes)
{
    private readonly Dictionary<StudyCell, CellResult> _results =
        outcomes.Where(o => o.Result is not null).ToDictionary(o => o.Cell, o => o.Result!);

    /// <summary>Cells that failed.</summary>
    public IEnumerable<CellOutcome> Failed => outcomes.Where(o => o.Failure is not null);

    /// <summary>Published and simulated cells of Table 1, of each model the three of them.</summary>
    public IEnumerable<PaperToken> Table1 =>
        from published in PublishedFigures.Table1
        let result = Find(PaperCells.Table1(published.Model))
        where result is not null
        select new PaperToken(published, result.ComputeMillis, result.WaitMillis, result.TokenMillis);

    /// <summary>
    /// The median of the absolute relative errors over the cells of Table 1 that nothing is fitted to; null without cells.
    /// </summary>
    public double? MedianError
    {
        get
        {
            double[] errors = [.. Table1.Where(t => !t.Published.IsFitted).SelectMany(t => t.Errors).Select(Math.Abs).Order()];
            return errors.Length == 0 ? null : (errors[(errors.Length - 1) / 2] + errors[errors.Length / 2]) / 2;
        }
    }

    /// <summary>How many times the paper's system has what a baseline has: the geometric mean over the models.</summary>
    /// <param name="phone">On which phone.</param>
    /// <param name="over">The baseline.</param>
    /// <param name="ratio">Of the baseline's result and the other one.</param>
    /// <param name="system">The other one.</param>
    /// <returns>The mean, or null where a cell is missing.</returns>
    public double? Mean(
        PaperPhone phone, Baseline over, Func<CellResult, CellResult, double> ratio, Baseline system = Baseline.Neuralink)
    {
        double?[] ratios = [.. PaperCells.Models.Select(model => Ratio(model, phone, over, ratio, system))];
        return ratios.Contains(null) ? null : Math.Exp(ratios.Average(r => Math.Log(r!.Value)));
    }

    /// <summary>The ratio of one model; null where a cell is missing.</summary>
    public double? Ratio(
        string model, PaperPhone phone, Baseline over, Func<CellResult, CellResult, double> ratio, Baseline system = Baseline.Neuralink) =>
        Find(PaperCells.Of(model, phone, over)) is { } baseline && Find(PaperCells.Of(model, phone, system)) is { } other
            ? ratio(baseline, other)
            : null;

    public CellResult? Find(StudyCell cell) => _results.GetValueOrDefault(cell);

    /// <summary>How many times as long a token of the baseline takes.</summary>
    public static double Time(CellResult baseline, CellResult system) => baseline.TokenMillis / system.TokenMillis;

    /// <summary>How many times as long its reading takes.</summary>
    public static double Reading(CellResult baseline, CellResult system) => ReadMillis(baseline) / ReadMillis(system);

    /// <summary>What reading takes: of what does not overlap the wait; of a stream, which does, the device's work.</summary>
    public static double ReadMillis(CellResult result) => Math.Max(result.WaitMillis, result.DeviceMillis);

    /// <summary>How many times the effective bandwidth the system has. What a stream reads of silent neurons is not effective.</summary>
    public static double Bandwidth(CellResult baseline, CellResult system)
    {
        double needed = Math.Min(1, system.DemandBytes / baseline.DemandBytes);
        return system.EffectiveBytesPerSecond / (baseline.EffectiveBytesPerSecond * needed);
    }
}

/// <summary>A column of Table 1, published and simulated, in milliseconds.</summary>
internal sealed record PaperToken(PublishedToken Published, double ComputeMillis, double ReadMillis, double TotalMillis)
{
    /// <summary>By how much each of the three is off.</summary>
    public IReadOnlyList<double> Errors =>
    [
        (ComputeMillis / Published.ComputeMillis) - 1, (ReadMillis / Published.ReadMillis) - 1, (TotalMillis / Published.TotalMillis) - 1,
    ];
}
