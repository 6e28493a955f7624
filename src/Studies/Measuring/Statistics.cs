namespace Neuralink.Studies.Measuring;

/// <summary>Means, deviations and percentiles of samples.</summary>
internal static class Statistics
{
    /// <summary>The sample standard deviation, over n - 1, as llama-bench has it; 0 of fewer than two.</summary>
    public static double Deviation(IReadOnlyList<double> samples)
    {
        if (samples.Count < 2)
            return 0;
        double mean = samples.Average();
        return Math.Sqrt(samples.Sum(x => (x - mean) * (x - mean)) / (samples.Count - 1));
    }

    /// <summary>A percentile as numpy has it by default, and vLLM through it: linear between the two nearest ranks.</summary>
    /// <param name="samples">At least one, in any order.</param>
    /// <param name="share">0 to 1.</param>
    public static double Percentile(IEnumerable<double> samples, double share)
    {
        double[] sorted = [.. samples.Order()];
        double rank = share * (sorted.Length - 1);
        int below = (int)rank, above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((rank - below) * (sorted[above] - sorted[below]));
    }
}
