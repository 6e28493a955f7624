using Neuralink.Placement.Cost;

namespace Neuralink.Storage.Profiles;

/// <summary>What the measurements of a device mean: how to read from it, and what reads then cost. Pure arithmetic.</summary>
/// <param name="IoMethod">The method to read with: the first measured, unless another is clearly better, each at its own best depth.</param>
/// <param name="QueueDepth">The shallowest queue that gets within <see cref="DepthGain"/> of what any depth gets.</param>
/// <param name="Cost">The cost of a random read so submitted.</param>
public sealed record ProbeAnalysis(string IoMethod, int QueueDepth, ReadCost Cost)
{
    /// <summary>More reads in flight than advised would bring fewer than this share more reads a second.</summary>
    public const double DepthGain = 0.1;

    /// <summary>
    /// Another method is clearly better with at least this share more reads a second: two runs of a probe of a method against itself differ by about as
    /// much, and the first, threads, is there on every system.
    /// </summary>
    public const double MethodGain = 0.1;

    /// <summary>
    /// Or, where neither has <see cref="MethodGain"/>, with at most this share of the processor time a read: generation computes meanwhile, on the same cores.
    /// </summary>
    public const double ProcessorShareMax = 0.75;

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
        (string method, int depth, _, _) = random.GroupBy(m => m.Cell.IoMethod, StringComparer.Ordinal).Select(Best).Aggregate((a, b) => IsClearlyBetter(b, a) ? b : a);
        IEnumerable<ReadCostPoint> advised = random
            .Where(m => m.Cell.IoMethod == method && m.Cell.QueueDepth == depth)
            .Select(m => new ReadCostPoint(m.Cell.Bytes, m.Micros));
        return new ProbeAnalysis(method, depth, Curve(advised));
    }

    /// <summary>What small random reads get by each method at each depth.</summary>
    public static IReadOnlyList<SmallReads> Summarize(IEnumerable<ProbeMeasurement> measurements) =>
    [
        .. from m in measurements
           where m.Cell.Pattern == AccessPattern.Random && m.Cell.Bytes <= SmallBytesMax
           group m by (m.Cell.IoMethod, m.Cell.QueueDepth) into cells
           select new SmallReads(
               cells.Key.IoMethod, cells.Key.QueueDepth, GeometricMean(cells.Select(m => m.ReadsPerSecond)), GeometricMean(cells.Select(m => m.ProcessorMicros))),
    ];

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

    private static SmallReads Best(IEnumerable<ProbeMeasurement> ofOneMethod)
    {
        List<SmallReads> depths = [.. Summarize(ofOneMethod).OrderBy(d => d.QueueDepth)];
        double most = depths.Max(d => d.ReadsPerSecond);
        return depths.First(d => d.ReadsPerSecond * (1 + DepthGain) >= most);
    }

    private static bool IsClearlyBetter(SmallReads a, SmallReads b) =>
        a.ReadsPerSecond >= b.ReadsPerSecond * (1 + MethodGain)
        || (a.ReadsPerSecond * (1 + MethodGain) >= b.ReadsPerSecond && a.ProcessorMicros <= b.ProcessorMicros * ProcessorShareMax);

    private static double GeometricMean(IEnumerable<double> values) => Math.Exp(values.Average(Math.Log));
}

/// <summary>Random reads up to <see cref="ProbeAnalysis.SmallBytesMax"/>, so submitted.</summary>
/// <param name="IoMethod">How.</param>
/// <param name="QueueDepth">How many in flight.</param>
/// <param name="ReadsPerSecond">The geometric mean over the sizes.</param>
/// <param name="ProcessorMicros">Processor time a read, likewise.</param>
public sealed record SmallReads(string IoMethod, int QueueDepth, double ReadsPerSecond, double ProcessorMicros);
