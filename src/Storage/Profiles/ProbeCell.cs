namespace Neuralink.Storage.Profiles;

/// <summary>Where reads lie, one after another.</summary>
public enum AccessPattern
{
    /// <summary>At random places.</summary>
    Random,

    /// <summary>Each read begins where the one before ends.</summary>
    Sequential,

    /// <summary>
    /// At random places, and in bursts: all reads in flight are submitted at once, and none before all are there and a pause is over.
    /// </summary>
    Burst,
}

/// <summary>One kind of read.</summary>
/// <param name="IoMethod">How reads are submitted: one of <see cref="DeviceProfile.IoMethods"/>.</param>
/// <param name="Pattern">Where the reads lie.</param>
/// <param name="Bytes">The length of each read.</param>
/// <param name="QueueDepth">The number of reads in flight at every moment.</param>
public sealed record ProbeCell(string IoMethod, AccessPattern Pattern, int Bytes, int QueueDepth);

/// <summary>
/// One short measurement: the time that passed and the processor time, each in microseconds and divided by the completed reads.
/// </summary>
internal readonly record struct ProbeSlice(double Micros, double ProcessorMicros);

/// <summary>What a kind of read was measured to cost.</summary>
/// <param name="Cell">The kind of read.</param>
/// <param name="Micros">Microseconds that passed, divided by the completed reads: the median of the rounds.</param>
/// <param name="ProcessorMicros">
/// Microseconds of processor time that the process took for each read, including the kernel's part. It is the mean of the rounds, because
/// some systems count processor time in coarse steps.
/// </param>
public sealed record ProbeMeasurement(ProbeCell Cell, double Micros, double ProcessorMicros)
{
    public double ReadsPerSecond => 1e6 / Micros;

    /// <summary>Millions of bytes a second.</summary>
    public double MegabytesPerSecond => Cell.Bytes / Micros;
}
