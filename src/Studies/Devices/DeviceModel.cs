using Neuralink.Placement.Cost;

namespace Neuralink.Studies.Devices;

/// <summary>
/// A flash device to simulate: one queue of commands, which it serves in the order of submission, each for T(size). A read takes longer
/// than the device works for it; so with one read in flight a device is slower than with its queue full.
/// </summary>
public sealed record DeviceModel
{
    /// <summary>What a study file calls it.</summary>
    public required string Name { get; init; }

    /// <summary>What it is, for people.</summary>
    public required string Title { get; init; }

    /// <summary>T(size): the device's work for a read, in microseconds; the time between two completions while its queue is full.</summary>
    public required ReadCost Cost { get; init; }

    /// <summary>
    /// What a read takes beyond that, in microseconds, by its size: from its submission to its completion on an idle device.
    /// </summary>
    public required ReadLatency Latency { get; init; }

    /// <summary>Commands that the device takes at once; others wait before it.</summary>
    public required int QueueDepth { get; init; }

    /// <summary>Reads in flight that suit it: more bring little.</summary>
    public required int AdvisedDepth { get; init; }

    /// <summary>Processor time of a read, in microseconds. Null: as of the engine here.</summary>
    public double? SubmitMicros { get; init; }

    /// <summary>Of the bandwidth, the share that is lost where several threads submit, 0 to below 1.</summary>
    public double ReadersPenalty { get; init; }

    /// <summary>What wide spread reads cost more; null where that makes no difference.</summary>
    public RandomRange? Range { get; init; }

    /// <summary>Where each number is from.</summary>
    public required IReadOnlyList<string> Sources { get; init; }

    /// <summary>
    /// The device as it seems to who reads neurons of which each is several reads of equal parts, that lie in as many places.
    /// </summary>
    /// <param name="parts">Reads of a neuron.</param>
    /// <param name="inFlight">Reads in flight.</param>
    public DeviceModel ReadInParts(int parts, int inFlight) => this with
    {
        Cost = new ReadCost([.. Cost.Points.Select(p => new ReadCostPoint(p.Bytes * parts, p.Micros * parts))]),
        // With fewer in flight than a neuron has parts, these wait for each other.
        Latency = new ReadLatency(Latency.BaseMicros * ((parts + inFlight - 1) / inFlight), Latency.MicrosPerByte),
        QueueDepth = Math.Max(1, QueueDepth / parts),
        AdvisedDepth = Math.Max(1, AdvisedDepth / parts),
    };

    /// <summary>T(size) of reads over so many bytes, submitted by so many threads.</summary>
    /// <param name="rangeBytes">What the reads are spread over.</param>
    /// <param name="readers">Threads that submit.</param>
    public ReadCost CostOf(long rangeBytes, int readers)
    {
        double factor = readers > 1 ? 1 / (1 - ReadersPenalty) : 1;
        double more = Range?.ShareOf(rangeBytes) ?? 0;
        if (factor == 1 && more == 0)
            return Cost;
        ReadCostPoint[] points = [.. Cost.Points];
        double each = more * points[0].Micros;      // wide spread, it is the commands that cost more, and not their bytes
        return new ReadCost([.. points.Select(p => p with { Micros = (p.Micros + each) * factor })]);
    }
}

/// <summary>Microseconds of a read on an idle device beyond the device's own work for it: the more, the longer the read.</summary>
/// <param name="BaseMicros">Of the shortest.</param>
/// <param name="MicrosPerByte">Of each byte.</param>
public readonly record struct ReadLatency(double BaseMicros, double MicrosPerByte = 0)
{
    /// <summary>Of a read of so many bytes.</summary>
    public double MicrosOf(long bytes) => BaseMicros + (bytes * MicrosPerByte);
}

/// <summary>What random reads cost more that are spread over more than the device's map of addresses has at hand.</summary>
/// <param name="NearBytes">Up to here nothing.</param>
/// <param name="FarBytes">From here on all of it; between the two it grows with the logarithm.</param>
/// <param name="Share">All of it: a share of the shortest read's cost.</param>
public sealed record RandomRange(long NearBytes, long FarBytes, double Share)
{
    /// <summary>What reads over so many bytes cost more, as a share of the shortest read's cost.</summary>
    public double ShareOf(long bytes)
    {
        double way = Math.Log((double)Math.Max(bytes, 1) / NearBytes) / Math.Log((double)FarBytes / NearBytes);
        return Share * Math.Clamp(way, 0, 1);
    }
}
