namespace Neuralink.Storage.Profiles;

/// <summary>Where one read lies after another.</summary>
public enum AccessPattern
{
    /// <summary>Anywhere.</summary>
    Random,

    /// <summary>Where the one before ends.</summary>
    Sequential,
}

/// <summary>One kind of read.</summary>
/// <param name="IoMethod">How reads are submitted, one of <see cref="DeviceProfile.IoMethods"/>.</param>
/// <param name="Pattern">Where they lie.</param>
/// <param name="Bytes">The length of each.</param>
/// <param name="QueueDepth">How many are in flight at every moment.</param>
public sealed record ProbeCell(string IoMethod, AccessPattern Pattern, int Bytes, int QueueDepth);

/// <summary>One short measurement: microseconds elapsed, and of processor time, over reads completed.</summary>
internal readonly record struct ProbeSlice(double Micros, double ProcessorMicros);

/// <summary>What a kind of read was measured to cost.</summary>
/// <param name="Cell">The kind.</param>
/// <param name="Micros">Microseconds elapsed over reads completed: the median of the rounds.</param>
/// <param name="ProcessorMicros">Microseconds of processor time that the process took for each, the kernel's part included: the mean of the rounds, because some systems count it in coarse steps.</param>
public sealed record ProbeMeasurement(ProbeCell Cell, double Micros, double ProcessorMicros)
{
    public double ReadsPerSecond => 1e6 / Micros;

    /// <summary>In millions of bytes.</summary>
    public double MegabytesPerSecond => Cell.Bytes / Micros;
}
