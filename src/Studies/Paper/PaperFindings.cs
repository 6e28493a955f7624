using Neuralink.Studies.Reports;

namespace Neuralink.Studies.Paper;

/// <summary>What the paper's cells support, a sentence each.</summary>
internal static class PaperFindings
{
    private const double Near = 0.15;

    public static IEnumerable<string> Of(PaperResults results)
    {
        PaperPhone main = PaperCells.Phones[0];
        if (results.MedianError is { } error)
        {
            PaperToken[] tokens = [.. results.Table1.Where(t => !t.Published.IsFitted)];
            PaperToken worst = tokens.MaxBy(t => t.Errors.Max(Math.Abs))!;
            yield return $"Table 1: the median absolute relative error over {3 * tokens.Length} predicted cells is "
                + $"{ReportNumbers.Percent(error)}; the furthest off is {worst.Published.Model}, by "
                + $"{ReportNumbers.Percent(worst.Errors.Max(Math.Abs))}.";
        }
        foreach (PublishedRatio ratio in PublishedFigures.Ratios)
        {
            if (results.Mean(main, ratio.Over, PaperResults.Time) is not { } mean)
                continue;
            double off = (mean / ratio.EndToEnd) - 1;
            string near = Math.Abs(off) <= Near ? "within" : "not within";
            yield return $"Time a token over {ratio.Title}: {ReportNumbers.Short(mean)} times simulated, "
                + $"{ReportNumbers.Short(ratio.EndToEnd)} published ({near} {ReportNumbers.Percent(Near)}; {main.Title}).";
        }
        PaperPhone full = PaperCells.Phones[1];
        if (results.Mean(full, Baseline.LlmFlash, PaperResults.Time) is { } deep
            && results.Mean(main, Baseline.LlmFlash, PaperResults.Time) is { } lone)
        {
            yield return $"With the device's queue full, the paper's system gains {ReportNumbers.Short(deep)} over LLM in a flash instead "
                + $"of {ReportNumbers.Short(lone)}: the published ratios are those of one read in flight.";
        }
        foreach (PaperPhone phone in PaperCells.Phones)
        {
            if (results.Mean(phone, Baseline.Neuralink, PaperResults.Time, Baseline.PrefetchCluster) is { } gain)
            {
                yield return $"On the {phone.Title}, this engine (best order, lfu, clusters, reading ahead) takes "
                    + $"{ReportNumbers.Less(1 / gain, 1)} time a token than the paper's system.";
            }
        }
    }
}
