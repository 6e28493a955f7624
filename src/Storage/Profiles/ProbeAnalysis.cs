using Neuralink.Placement.Cost;

namespace Neuralink.Storage.Profiles;

/// <summary>What the measurements of a device mean: how to read from it, and what reads then cost. Pure arithmetic.</summary>
/// <param name="IoMethod">The method to read with: the one of the most reads a second at its own best depth.</param>
/// <param name="QueueDepth">The shallowest queue that gets within <see cref="DepthGain"/> of what any depth gets.</param>
/// <param name="Cost">The cost of a random read so submitted.</param>
public sealed record ProbeAnalysis(string IoMethod, int QueueDepth, ReadCost Cost)
{
    /// <summary>More reads in flight than advised would bring fewer than this share more reads a second.</summary>
    public const double DepthGain = 0.1;

    /// <summary>
    /// Method and depth are judged by random reads up to this size: they are what a layer's missing neurons are, and longer ones fill the device's
    /// bandwidth at any depth.
    /// </summary>
    public const int SmallBytesMax = 64 << 10;

    /// <param name="measurements">Of the random reads of each method, every size at every depth.</param>
    /// <exception cref="NeuralinkException">They are too noisy to make a curve of.</exception>
    public static ProbeAnalysis Of(IReadOnlyList<ProbeMeasurement> measurements)
    {
        List<ProbeMeasurement> random = [.. measurements.Where(m => m.Cell.Pattern == AccessPattern.Random)];
        // Methods stay in their order, and the first of equals is taken.
        (string method, int depth, _) = random.GroupBy(m => m.Cell.IoMethod, StringComparer.Ordinal).Select(Advise).MaxBy(a => a.Reads);
        IEnumerable<ReadCostPoint> advised = random
            .Where(m => m.Cell.IoMethod == method && m.Cell.QueueDepth == depth)
            .Select(m => new ReadCostPoint(m.Cell.Bytes, m.Micros));
        return new ProbeAnalysis(method, depth, Curve(advised));
    }

    /// <summary>Reads a second of small reads at each depth, relative to the shallowest: the geometric mean over the sizes.</summary>
    public static IReadOnlyList<(int QueueDepth, double Speedup)> Speedups(IEnumerable<ProbeMeasurement> ofOneMethod)
    {
        List<(int QueueDepth, double Reads)> depths = [.. ByDepth(ofOneMethod)];
        return [.. depths.Select(d => (d.QueueDepth, d.Reads / depths[0].Reads))];
    }

    /// <summary>
    /// A curve that never falls, as a cost must not: each cost is raised to the highest before it (the running maximum). Where the largest size then costs the
    /// same as the one before, that one is dropped: noise, for no device has unlimited bandwidth.
    /// </summary>
    /// <exception cref="NeuralinkException">Nothing rises.</exception>
    public static ReadCost Curve(IEnumerable<ReadCostPoint> points)
    {
        List<ReadCostPoint> rising = [];
        double highest = 0;
        foreach (ReadCostPoint point in points.OrderBy(p => p.Bytes))
            rising.Add(point with { Micros = highest = Math.Max(highest, point.Micros) });
        while (rising.Count >= 2 && rising[^1].Micros <= rising[^2].Micros)
            rising.RemoveAt(rising.Count - 2);
        return rising.Count >= 2
            ? new ReadCost(rising)
            : throw new NeuralinkException("measure the device", "longer reads to cost more", "no such thing", "measure again with more --time, while the device does nothing else");
    }

    private static (string Method, int Depth, double Reads) Advise(IGrouping<string, ProbeMeasurement> ofOneMethod)
    {
        List<(int QueueDepth, double Reads)> depths = [.. ByDepth(ofOneMethod)];
        double most = depths.Max(d => d.Reads);
        (int depth, double reads) = depths.First(d => d.Reads * (1 + DepthGain) >= most);
        return (ofOneMethod.Key, depth, reads);
    }

    private static IEnumerable<(int QueueDepth, double Reads)> ByDepth(IEnumerable<ProbeMeasurement> ofOneMethod) => ofOneMethod
        .Where(m => m.Cell.Bytes <= SmallBytesMax)
        .GroupBy(m => m.Cell.QueueDepth)
        .OrderBy(g => g.Key)
        .Select(g => (g.Key, Math.Exp(g.Average(m => Math.Log(m.ReadsPerSecond)))));
}
