namespace Neuralink.Placement.Cost;

/// <summary>
/// What a read of n bytes costs a flash device: T(n), in microseconds. Between measured points the curve is a straight line. Beyond the
/// last point it continues the line through the last two. It is positive and never falls, and beyond the last point it rises.
/// </summary>
public sealed class ReadCost
{
    // A read of a terabyte, or one that takes a quarter of an hour, cannot have been measured.
    private const long BytesMax = 1L << 40;
    private const double MicrosMax = 1e9;

    private readonly long[] _bytes;
    private readonly double[] _micros;

    /// <param name="points">At least two, by ascending size; costs are positive and do not fall.</param>
    /// <exception cref="ArgumentException"><see cref="Flaw"/> finds something wrong with the points.</exception>
    public ReadCost(IReadOnlyList<ReadCostPoint> points)
    {
        if (Flaw(points) is { } flaw)
            throw new ArgumentException(flaw, nameof(points));
        _bytes = [.. points.Select(p => p.Bytes)];
        _micros = [.. points.Select(p => p.Micros)];
    }

    /// <summary>
    /// The curve that is used until a device is measured: 20 us a read and 1000 bytes a microsecond, which is 50 K reads/s and 1 GB/s. This
    /// is near the UFS 4.0 phones of the Neuralink paper (arXiv 2410.19274), and near a server's virtual disk.
    /// </summary>
    public static ReadCost Default { get; } = Linear(readMicros: 20, bytesPerMicro: 1000);

    /// <summary>The points of the curve.</summary>
    public IEnumerable<ReadCostPoint> Points => _bytes.Zip(_micros, (bytes, micros) => new ReadCostPoint(bytes, micros));

    /// <summary>T(n) = readMicros + n / bytesPerMicro.</summary>
    /// <param name="readMicros">What every read costs regardless of its size: 1 / IOPS. 0 or more.</param>
    /// <param name="bytesPerMicro">Bandwidth in bytes a microsecond, which is MB/s. More than 0.</param>
    public static ReadCost Linear(double readMicros, double bytesPerMicro)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(readMicros);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytesPerMicro);
        const long Far = 1 << 20;
        return new ReadCost([new(1, readMicros + (1 / bytesPerMicro)), new(Far, readMicros + (Far / bytesPerMicro))]);
    }

    /// <summary>Says in words what is wrong with <paramref name="points"/> as a curve, or returns null.</summary>
    public static string? Flaw(IReadOnlyList<ReadCostPoint> points)
    {
        if (points.Count < 2)
            return $"at least two sizes are needed, there are {points.Count}";
        for (int i = 0; i < points.Count; i++)
        {
            (long bytes, double micros) = points[i];
            if (bytes is < 1 or > BytesMax)
                return $"a read of {bytes} bytes";
            if (!(micros is > 0 and <= MicrosMax))
                return $"a read of {bytes} bytes costs {micros} us";
            if (i > 0 && bytes <= points[i - 1].Bytes)
                return $"sizes must ascend, {bytes} follows {points[i - 1].Bytes}";
            if (i > 0 && micros < points[i - 1].Micros)
                return $"a read of {bytes} bytes costs {micros} us, less than the {points[i - 1].Micros} us of {points[i - 1].Bytes} bytes";
        }
        return points[^1].Micros > points[^2].Micros ? null : "the two largest sizes cost the same, as if bandwidth had no limit";
    }

    /// <summary>T(<paramref name="bytes"/>), in microseconds.</summary>
    public double MicrosOf(long bytes)
    {
        int above = 1;
        while (above < _bytes.Length - 1 && _bytes[above] < bytes)
            above++;
        double slope = (_micros[above] - _micros[above - 1]) / (_bytes[above] - _bytes[above - 1]);
        // Below the first point, a read costs as much as the smallest measured one.
        return Math.Max(_micros[above - 1] + ((bytes - _bytes[above - 1]) * slope), _micros[0]);
    }

    /// <summary>The widest gap, in bundles, between two single bundles that is at least as cheap to read through as to skip.</summary>
    /// <param name="strideBytes">The bytes of a bundle.</param>
    /// <param name="gapSlotsMax">The widest gap that is considered.</param>
    public int BreakEvenGapSlots(int strideBytes, int gapSlotsMax = 1 << 16) =>
        (int)(BreakEvenGapBytes(strideBytes, (long)gapSlotsMax * strideBytes) / strideBytes);

    /// <summary>The widest gap, in bytes, between two reads that is at least as cheap to read through as to skip; 0 if none is.</summary>
    /// <param name="readBytes">The bytes of each of the two reads.</param>
    /// <param name="gapBytesMax">The widest gap that is considered.</param>
    public long BreakEvenGapBytes(long readBytes, long gapBytesMax = 1 << 30)
    {
        double apart = 2 * MicrosOf(readBytes);
        long lower = 0, upper = gapBytesMax;     // if any gap is cheap enough, lower is
        while (lower < upper)
        {
            long middle = lower + ((upper - lower + 1) / 2);
            if (MicrosOf(middle + (2 * readBytes)) <= apart)
                lower = middle;
            else
                upper = middle - 1;
        }
        return lower;
    }

    /// <summary>The highest bandwidth of the points, in bytes a microsecond, which is MB/s.</summary>
    public double BytesPerMicroMax => Points.Max(p => p.Bytes / p.Micros);

    /// <summary>
    /// The knee: the smallest size at which a read gets <paramref name="share"/> of <see cref="BytesPerMicroMax"/>, but at least the size
    /// of the first point. Below the knee the device is limited by the number of reads, above it by their bytes.
    /// </summary>
    public long KneeBytes(double share = 0.8)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        double wanted = share * BytesPerMicroMax;
        int at = 0;
        while (_bytes[at] < wanted * _micros[at])
            at++;       // ends at the latest at the point of the highest bandwidth
        if (at == 0)
            return _bytes[0];
        // Between two points T(n) = base + slope n, and n / T(n) = wanted has one solution.
        double slope = (_micros[at] - _micros[at - 1]) / (_bytes[at] - _bytes[at - 1]);
        double baseMicros = _micros[at] - (slope * _bytes[at]);
        return Math.Clamp((long)Math.Ceiling(wanted * baseMicros / (1 - (wanted * slope))), _bytes[at - 1], _bytes[at]);
    }
}

/// <summary>What a read of <paramref name="Bytes"/> bytes was measured to cost.</summary>
public readonly record struct ReadCostPoint(long Bytes, double Micros);
