using Neuralink.Placement.Cost;

namespace Neuralink.Storage.Profiles;

/// <summary>What the measurements of a device mean: how to read from it, and what reads then cost. Pure arithmetic.</summary>
/// <param name="IoMethod">
/// The method to read with. It is the first measured one, unless another is clearly better. Each method is judged at its own best depth.
/// </param>
/// <param name="QueueDepth">
/// The shallowest queue whose reads a second are within <see cref="DepthGain"/> of those of the best depth.
/// </param>
/// <param name="Cost">The cost of a random read with that method and depth.</param>
/// <param name="Bursts">The cost of a read in a burst with that method; null where none was measured.</param>
/// <param name="ProcessorMicros">Processor time of a small read with that method and depth.</param>
public sealed record ProbeAnalysis(string IoMethod, int QueueDepth, ReadCost Cost, BurstCost? Bursts, double ProcessorMicros)
{
    /// <summary>With more reads in flight than advised, reads a second would grow by less than this share.</summary>
    public const double DepthGain = 0.1;

    /// <summary>
    /// Another method is clearly better if it has at least this share more reads a second. Two probes of the same method differ by about as
    /// much, and the first method, threads, exists on every system.
    /// </summary>
    public const double MethodGain = 0.1;

    /// <summary>
    /// If no method has <see cref="MethodGain"/>, another method is clearly better if it takes at most this share of the processor time a
    /// read, because generation computes on the same cores meanwhile.
    /// </summary>
    public const double ProcessorShareMax = 0.75;

    /// <summary>
    /// Method and depth are judged by random reads up to this size. A layer's missing neurons are such reads, and longer reads use the
    /// device's full bandwidth at any depth.
    /// </summary>
    public const int SmallBytesMax = 64 << 10;

    /// <summary>The most reads of a burst that are measured, one of <see cref="DeviceProbe.QueueDepths"/>.</summary>
    public const int BurstReads = 16;

    /// <param name="measurements">The measurements. They hold the random reads of each method, in every size at every depth.</param>
    /// <exception cref="NeuralinkException">The measurements are too noisy for a curve.</exception>
    public static ProbeAnalysis Of(IReadOnlyList<ProbeMeasurement> measurements)
    {
        List<ProbeMeasurement> random = [.. measurements.Where(m => m.Cell.Pattern == AccessPattern.Random)];
        IEnumerable<SmallReads> bestOfMethods = random.GroupBy(m => m.Cell.IoMethod, StringComparer.Ordinal).Select(Best);
        SmallReads best = bestOfMethods.Aggregate((a, b) => IsClearlyBetter(b, a) ? b : a);
        ReadCost cost = Curve(random
            .Where(m => m.Cell.IoMethod == best.IoMethod && m.Cell.QueueDepth == best.QueueDepth)
            .Select(m => new ReadCostPoint(m.Cell.Bytes, m.Micros)));
        ProbeMeasurement[] bursts =
            [.. measurements.Where(m => m.Cell.Pattern == AccessPattern.Burst && m.Cell.IoMethod == best.IoMethod)];
        return new ProbeAnalysis(best.IoMethod, best.QueueDepth, cost, BurstCost.Of(bursts), best.ProcessorMicros);
    }

    /// <summary>The profile that says so; costs in hundredths of a microsecond.</summary>
    /// <param name="volume">What was measured.</param>
    /// <param name="measuredWith">With what; for people.</param>
    public DeviceProfile ToProfile(DeviceVolume volume, string measuredWith)
    {
        return new DeviceProfile
        {
            Format = DeviceProfile.FormatName,
            FormatVersion = DeviceProfile.CurrentVersion,
            Name = volume.Name,
            MeasuredWith = measuredWith,
            Volume = volume,
            IoMethod = IoMethod,
            QueueDepth = QueueDepth,
            Reads = ReadsOf(Cost),
            LoneReads = Bursts is null ? null : ReadsOf(Bursts.First),
            BurstReads = Bursts is null ? null : ReadsOf(Bursts.Next),
            ProcessorMicros = Math.Round(ProcessorMicros, 2),
        };

        static DeviceRead[] ReadsOf(ReadCost cost) => [.. cost.Points.Select(p => new DeviceRead(p.Bytes, Math.Round(p.Micros, 2)))];
    }

    /// <summary>How fast small random reads are with each method at each depth.</summary>
    public static IReadOnlyList<SmallReads> Summarize(IEnumerable<ProbeMeasurement> measurements) =>
    [
        .. from m in measurements
           where m.Cell.Pattern == AccessPattern.Random && m.Cell.Bytes <= SmallBytesMax
           group m by (m.Cell.IoMethod, m.Cell.QueueDepth) into cells
           select new SmallReads(
               cells.Key.IoMethod,
               cells.Key.QueueDepth,
               GeometricMean(cells.Select(m => m.ReadsPerSecond)),
               GeometricMean(cells.Select(m => m.ProcessorMicros))),
    ];

    /// <summary>
    /// Makes a curve that never falls, because a cost must not fall: each cost is raised to the highest cost before it (the running
    /// maximum). If the largest size then costs the same as the one before, the one before is dropped. That is noise, because no
    /// device has unlimited bandwidth.
    /// </summary>
    /// <exception cref="NeuralinkException">No cost is higher than another.</exception>
    public static ReadCost Curve(IEnumerable<ReadCostPoint> points) => CurveOrNull(points) ?? throw new NeuralinkException(
        "measure the device",
        "longer reads to cost more",
        "no such thing",
        "measure again with more --time, while the device does nothing else");

    /// <summary>As <see cref="Curve"/>, or null where no cost is higher than another.</summary>
    internal static ReadCost? CurveOrNull(IEnumerable<ReadCostPoint> points)
    {
        List<ReadCostPoint> rising = [];
        double highest = 0;
        foreach (ReadCostPoint point in points.OrderBy(p => p.Bytes))
            rising.Add(point with { Micros = highest = Math.Max(highest, point.Micros) });
        while (rising.Count >= 2 && rising[^1].Micros <= rising[^2].Micros)
            rising.RemoveAt(rising.Count - 2);
        return rising.Count >= 2 ? new ReadCost(rising) : null;
    }

    private static SmallReads Best(IEnumerable<ProbeMeasurement> ofOneMethod)
    {
        List<SmallReads> depths = [.. Summarize(ofOneMethod).OrderBy(d => d.QueueDepth)];
        double most = depths.Max(d => d.ReadsPerSecond);
        return depths.First(d => d.ReadsPerSecond * (1 + DepthGain) >= most);
    }

    private static bool IsClearlyBetter(SmallReads a, SmallReads b)
    {
        bool isFaster = a.ReadsPerSecond >= b.ReadsPerSecond * (1 + MethodGain);
        bool isAsFast = a.ReadsPerSecond * (1 + MethodGain) >= b.ReadsPerSecond;
        return isFaster || (isAsFast && a.ProcessorMicros <= b.ProcessorMicros * ProcessorShareMax);
    }

    private static double GeometricMean(IEnumerable<double> values) => Math.Exp(values.Average(Math.Log));
}

/// <summary>How fast random reads up to <see cref="ProbeAnalysis.SmallBytesMax"/> are with one method at one depth.</summary>
/// <param name="IoMethod">The method.</param>
/// <param name="QueueDepth">The number of reads in flight.</param>
/// <param name="ReadsPerSecond">Reads a second: the geometric mean over the sizes.</param>
/// <param name="ProcessorMicros">Microseconds of processor time a read: the geometric mean over the sizes.</param>
public sealed record SmallReads(string IoMethod, int QueueDepth, double ReadsPerSecond, double ProcessorMicros);

/// <summary>
/// What reads cost that are submitted in a burst, after a pause: the first takes longer than the device works for it, and each that
/// follows costs more than in a stream of reads, because whoever serves it has slept.
/// </summary>
/// <param name="First">Until the first is there, by its size.</param>
/// <param name="Next">What each read more adds, by its size.</param>
public sealed record BurstCost(ReadCost First, ReadCost Next)
{
    /// <summary>
    /// From bursts of one read, and of <see cref="ProbeAnalysis.BurstReads"/>. Null where there are none, or a short probe saw only noise:
    /// longer reads cost no more.
    /// </summary>
    internal static BurstCost? Of(IReadOnlyList<ProbeMeasurement> bursts)
    {
        Dictionary<(int Bytes, int Reads), double> micros = bursts.ToDictionary(
            m => (m.Cell.Bytes, m.Cell.QueueDepth), m => m.Micros * m.Cell.QueueDepth);
        int[] sizes = [.. micros.Keys.Select(key => key.Bytes).Distinct().Order()];
        ReadCost? first = ProbeAnalysis.CurveOrNull(sizes.Select(size => new ReadCostPoint(size, micros[(size, 1)])));
        ReadCost? next = ProbeAnalysis.CurveOrNull(sizes.Select(size => new ReadCostPoint(size, MoreOf(size))));
        return first is null || next is null ? null : new BurstCost(first, next);

        double MoreOf(int size)
        {
            double more = micros[(size, ProbeAnalysis.BurstReads)] - micros[(size, 1)];
            return Math.Max(0.1, more / (ProbeAnalysis.BurstReads - 1));
        }
    }
}
