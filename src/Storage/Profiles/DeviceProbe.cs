using Neuralink.Placement.Synthetic;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Profiles;

/// <summary>How long and how much to measure.</summary>
/// <param name="Time">All of it, the writing of a temporary file included. Only where a device is so slow that one short round takes longer, that goes on to its end.</param>
/// <param name="FileBytes">
/// The temporary file to measure. Null: a file that is named is measured itself if it is long enough; else the temporary file is of
/// <see cref="DeviceProbe.DefaultFileBytes"/>, or of a tenth of the free space where that is less.
/// </param>
/// <param name="Seed">Of a temporary file's bytes and of where reads lie.</param>
public sealed record ProbeOptions(TimeSpan Time, long? FileBytes = null, ulong Seed = 1);

/// <summary>What a probe measured.</summary>
/// <param name="Measurements">Every cell: by method, pattern, size, depth.</param>
/// <param name="File">The file that was read, or null for a temporary one.</param>
/// <param name="FileBytes">How long it was.</param>
/// <param name="Rounds">How often each cell was measured at least.</param>
/// <param name="FirstMicros">What a read of the kind <see cref="DeviceProbe.FirstReads"/> cost before all others; null for a temporary file, which was just written.</param>
/// <param name="UringRefusal">Why io_uring was not measured, or null.</param>
public sealed record ProbeResult(
    IReadOnlyList<ProbeMeasurement> Measurements, string? File, long FileBytes, int Rounds, double? FirstMicros, string? UringRefusal)
{
    /// <summary>
    /// How many times longer the first reads of a file took than the same reads later on. Much above 1, something below the file system
    /// has a cache (a drive with memory of its own, a virtual machine's host) and holds the file by now.
    /// </summary>
    public double? FirstReadsSlowdown => FirstMicros / Measurements.Single(m => m.Cell == DeviceProbe.FirstReads).Micros;
}

/// <summary>
/// Measures what reads cost the flash device under a file or a folder: by method, size and queue depth, random and sequential, past the page cache. The
/// time is cut into short slices, one for each cell in each of a few rounds, in an order drawn anew each round, so that something else that uses the device for a while
/// hits one slice of many cells rather than all of one; the median over the rounds then leaves it out.
/// </summary>
public static class DeviceProbe
{
    /// <summary>The temporary file, where there is room: more than the cache of a drive tends to hold for one file.</summary>
    public const long DefaultFileBytes = 1L << 30;

    /// <summary>The shortest temporary file.</summary>
    public const long FileBytesMin = ProbeFile.LengthBytesMin;

    /// <summary>
    /// A shorter file is not measured itself: the caches of drives, and of their controllers, hold as much, and one round would read it more than once.
    /// </summary>
    public const long OwnFileBytesMin = 256L << 20;

    private const int Rounds = 5;

    // Of the time: a round that is nearly done is finished.
    private const double OvertimeMax = 1.1;

    // Of the time: long enough for a hundred reads of a slow device, too short to fill a cache with them.
    private const double FirstReadsShare = 0.01;

    // Of the time; a disk that writes slowly gets a shorter file.
    private const double WritingShare = 0.25;

    /// <summary>Sizes of the reads: from a page, the smallest most devices have, to where bandwidth is flat.</summary>
    public static IReadOnlyList<int> Sizes { get; } = [.. Enumerable.Range(12, 9).Select(shift => 1 << shift)];

    /// <summary>Reads in flight.</summary>
    public static IReadOnlyList<int> QueueDepths { get; } = [1, 4, 16, 32];

    /// <summary>The reads that tell whether a file lies in a cache below the file system: an extent as generation reads them, in a usual queue.</summary>
    public static ProbeCell FirstReads { get; } = new(ProbeDevices.Threads, AccessPattern.Random, 64 << 10, 16);

    /// <summary>Whether <see cref="Run(string, DeviceVolume, ProbeOptions, TimeProvider, IProgress{double}, CancellationToken)"/> would measure that very file rather than a temporary one.</summary>
    /// <param name="path">A file or a folder, links resolved.</param>
    /// <param name="options">How much to measure.</param>
    public static bool MeasuresItself(string path, ProbeOptions options) =>
        options.FileBytes is null && File.Exists(path) && new FileInfo(path).Length >= OwnFileBytesMin;

    /// <summary>Measures.</summary>
    /// <param name="path">
    /// An existing file, which is read itself if it is of <see cref="OwnFileBytesMin"/> or more and no length of a temporary one is asked for;
    /// else a temporary file is made beside it, or in the existing folder that this is, and removed however this ends.
    /// </param>
    /// <param name="volume">The one it lies on.</param>
    /// <param name="options">How long and how much.</param>
    /// <param name="time">The clock.</param>
    /// <param name="progress">Gets the share that is done.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="NeuralinkException">There is no device (a file system in memory), no direct I/O, no room; or a read failed.</exception>
    public static ProbeResult Run(
        string path, DeviceVolume volume, ProbeOptions options, TimeProvider time, IProgress<double> progress, CancellationToken cancellation) =>
        Run(path, volume, options, time, progress, OperatingSystem.IsLinux() ? UringCalls.Setup : null, cancellation);

    /// <summary>Measures, with rings by <paramref name="setup"/>; null where the system has none.</summary>
    internal static ProbeResult Run(
        string path, DeviceVolume volume, ProbeOptions options, TimeProvider time, IProgress<double> progress, UringSetup? setup, CancellationToken cancellation)
    {
        if (volume.IsMemory)
            throw NoDevice(path, $"{volume.FileSystem}, which lies in memory");
        long start = time.GetTimestamp();
        string? own = MeasuresItself(path, options) ? path : null;
        using ProbeFile? made = own is null ? WriteFile(File.Exists(path) ? Path.GetDirectoryName(path)! : path) : null;
        using ProbeDevices devices = ProbeDevices.Open(own ?? made!.FilePath, path, QueueDepths, time, setup);
        long fileBytes = made?.LengthBytes ?? new FileInfo(path).Length;
        using NativeArena memory = new(ProbeLoop.RequiredBytes(QueueDepths[^1], Sizes[^1]));
        using ProbeLoop loop = new(QueueDepths[^1], Sizes[^1], memory, time);
        SplitMix64 random = new(options.Seed, stream: 1);
        double? firstMicros = own is null ? null : Measure(FirstReads, FirstReadsShare * options.Time).Micros;
        Dictionary<ProbeCell, List<ProbeSlice>> slices = Cells(devices.Methods).ToDictionary(cell => cell, _ => new List<ProbeSlice>());
        int left = Rounds * slices.Count;
        for (int round = 0; round < Rounds && (round == 0 || Elapsed() < 1); round++)
        {
            foreach (ProbeCell cell in Shuffled(slices.Keys, ref random))
            {
                if (round > 0 && Elapsed() > OvertimeMax)
                    break;
                // What slices lose or take too long is shared by those that follow.
                slices[cell].Add(Measure(cell, Math.Max(0, 1 - Elapsed()) * options.Time / left--));
                progress.Report(Math.Min(1, Elapsed()));
            }
        }
        return new ProbeResult([.. slices.Select(s => Median(s.Key, s.Value))], own, fileBytes, slices.Values.Min(s => s.Count), firstMicros, devices.UringRefusal);

        ProbeFile WriteFile(string folder) =>
            ProbeFile.Write(folder, options.FileBytes ?? FileBytesFor(folder), options.Seed, () => Elapsed() > WritingShare, cancellation);

        ProbeSlice Measure(ProbeCell cell, TimeSpan duration) => loop.Run(devices[cell], cell, Offsets(cell, fileBytes, random.Next()), duration, cancellation);

        double Elapsed() => time.GetElapsedTime(start) / options.Time;
    }

    /// <summary>The middle value, or the mean of the middle two.</summary>
    internal static double Median(IReadOnlyList<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static ProbeMeasurement Median(ProbeCell cell, IReadOnlyList<ProbeSlice> slices) =>
        new(cell, Median([.. slices.Select(s => s.Micros)]), slices.Average(s => s.ProcessorMicros));

    private static IEnumerable<ProbeCell> Cells(IReadOnlyList<string> methods) =>
        from method in methods
        from pattern in (AccessPattern[])[AccessPattern.Random, AccessPattern.Sequential]
        from bytes in Sizes
        from depth in QueueDepths
        select new ProbeCell(method, pattern, bytes, depth);

    private static ProbeCell[] Shuffled(IEnumerable<ProbeCell> cells, ref SplitMix64 random)
    {
        ProbeCell[] list = [.. cells];
        int[] order = [.. Enumerable.Range(0, list.Length)];
        random.Shuffle(order);
        return [.. order.Select(i => list[i])];
    }

    // Where reads begin: anywhere, at multiples of a frame; or one after the other from anywhere, and around.
    private static Func<long> Offsets(ProbeCell cell, long fileBytes, ulong seed)
    {
        SplitMix64 random = new(seed);
        if (cell.Pattern == AccessPattern.Random)
        {
            int places = (int)((fileBytes - cell.Bytes) / ProbeLoop.FrameBytes) + 1;
            return () => (long)random.NextInteger(places) * ProbeLoop.FrameBytes;
        }
        long count = fileBytes / cell.Bytes, next = random.NextInteger((int)count);
        return () => next++ % count * cell.Bytes;
    }

    private static long FileBytesFor(string folder)
    {
        if (DiskSpace.FreeBytes(Path.Combine(folder, "probe")) is not { } free)
            return DefaultFileBytes;
        return free / 10 >= FileBytesMin
            ? Math.Min(DefaultFileBytes, free / 10)
            : throw new NeuralinkException(
                $"measure {folder}", $"at least {ByteSize.Format(10 * FileBytesMin)} free on its disk", ByteSize.Format(free), "free some space, or say with --size how much to write");
    }

    internal static NeuralinkException NoDevice(string path, string found) => new(
        $"measure {path}", "a file system with direct I/O", found, "through the page cache memory would be measured; give a file or a folder on the flash device");
}
