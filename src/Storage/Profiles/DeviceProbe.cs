using Neuralink.Placement.Synthetic;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Profiles;

/// <summary>How long and how much to measure.</summary>
/// <param name="Time">
/// The time for everything, including writing a temporary file. Only on a device so slow that one short round takes longer, the probe
/// finishes that round.
/// </param>
/// <param name="FileBytes">
/// The length of the temporary file to measure. If null, a file that is named is measured itself if it is long enough. Otherwise the
/// temporary file has <see cref="DeviceProbe.DefaultFileBytes"/>, or a tenth of the free space if that is less.
/// </param>
/// <param name="Seed">The seed of a temporary file's bytes and of the places of the reads.</param>
/// <param name="Itself">
/// Whether a file that is named is measured itself however short it is: as who reads it finds it, caches below the file system included.
/// </param>
public sealed record ProbeOptions(TimeSpan Time, long? FileBytes = null, ulong Seed = 1, bool Itself = false);

/// <summary>What a probe measured.</summary>
/// <param name="Measurements">The measurements of all cells: by method, pattern, size and depth.</param>
/// <param name="File">The file that was read, or null for a temporary one.</param>
/// <param name="FileBytes">The length of the file.</param>
/// <param name="Rounds">How often each cell was measured at least.</param>
/// <param name="FirstMicros">
/// What a read of the kind <see cref="DeviceProbe.FirstReads"/> cost before all other reads. Null for a temporary file, because
/// it was just written.
/// </param>
/// <param name="UringRefusal">Why io_uring was not measured, or null.</param>
public sealed record ProbeResult(
    IReadOnlyList<ProbeMeasurement> Measurements, string? File, long FileBytes, int Rounds, double? FirstMicros, string? UringRefusal)
{
    /// <summary>
    /// How many times longer the first reads of a file took than the same reads later. If this is much above 1, something below the file
    /// system has a cache (a drive with memory of its own, or the host of a virtual machine), and the cache now holds the file.
    /// </summary>
    public double? FirstReadsSlowdown => FirstMicros / Measurements.Single(m => m.Cell == DeviceProbe.FirstReads).Micros;
}

/// <summary>
/// Measures what reads cost the flash device under a file or a folder: by method, size and queue depth, random and sequential, past the
/// page cache. The time is cut into short slices, one for each cell in each of a few rounds. Each round has a random order. So if
/// something else uses the device for a while, it disturbs one slice of many cells, and not all slices of one cell. The median over the
/// rounds then ignores that slice.
/// </summary>
public static class DeviceProbe
{
    /// <summary>The length of the temporary file if there is room: more than a drive's cache usually holds for one file.</summary>
    public const long DefaultFileBytes = 1L << 30;

    /// <summary>The shortest temporary file.</summary>
    public const long FileBytesMin = ProbeFile.LengthBytesMin;

    /// <summary>
    /// A shorter file is not measured itself. The caches of drives and of their controllers hold as much, and one round would read
    /// it more than once.
    /// </summary>
    public const long OwnFileBytesMin = 256L << 20;

    private const int Rounds = 5;

    // As long as a small model computes a layer; threads and device sleep meanwhile.
    private static readonly TimeSpan s_burstPause = TimeSpan.FromMicroseconds(300);

    // A share of the time: a round that is nearly done may finish within it.
    private const double OvertimeMax = 1.1;

    // A share of the time: long enough for a hundred reads of a slow device, and too short to fill a cache.
    private const double FirstReadsShare = 0.01;

    // A share of the time: a disk that writes slowly gets a shorter file.
    private const double WritingShare = 0.25;

    /// <summary>
    /// The sizes of the reads: from a page, the smallest size of most devices, to sizes at which bandwidth no longer grows.
    /// </summary>
    public static IReadOnlyList<int> Sizes { get; } = [.. Enumerable.Range(12, 9).Select(shift => 1 << shift)];

    /// <summary>The numbers of reads in flight.</summary>
    public static IReadOnlyList<int> QueueDepths { get; } = [1, 4, 16, 32];

    /// <summary>
    /// The reads that tell whether a file lies in a cache below the file system: extents of the size that generation reads,
    /// in a usual queue.
    /// </summary>
    public static ProbeCell FirstReads { get; } = new(ProbeDevices.Threads, AccessPattern.Random, 64 << 10, 16);

    /// <summary>Whether a probe would measure that very file instead of a temporary one.</summary>
    /// <param name="path">A file or a folder, with links resolved.</param>
    /// <param name="options">How much to measure.</param>
    public static bool MeasuresItself(string path, ProbeOptions options) =>
        options.FileBytes is null && File.Exists(path) && (options.Itself || new FileInfo(path).Length >= OwnFileBytesMin);

    /// <summary>Measures a device.</summary>
    /// <param name="path">
    /// An existing file or folder. A file of at least <see cref="OwnFileBytesMin"/> is read itself, unless a length for a temporary one is
    /// given. Otherwise a temporary file is made beside it or in the folder, and is always removed in the end.
    /// </param>
    /// <param name="volume">The volume of that path.</param>
    /// <param name="options">How long and how much to measure.</param>
    /// <param name="time">The clock.</param>
    /// <param name="progress">Receives the share that is done.</param>
    /// <param name="cancellation">Ends the probe.</param>
    /// <exception cref="NeuralinkException">
    /// There is no device (a file system in memory), no direct I/O or no room; or a read failed.
    /// </exception>
    public static ProbeResult Run(
        string path,
        DeviceVolume volume,
        ProbeOptions options,
        TimeProvider time,
        IProgress<double> progress,
        CancellationToken cancellation)
    {
        UringSetup? setup = OperatingSystem.IsLinux() ? UringCalls.Setup : null;
        return Run(path, volume, options, time, progress, setup, cancellation);
    }

    /// <summary>Measures a device. <paramref name="setup"/> makes rings; it is null if the system has none.</summary>
    internal static ProbeResult Run(
        string path,
        DeviceVolume volume,
        ProbeOptions options,
        TimeProvider time,
        IProgress<double> progress,
        UringSetup? setup,
        CancellationToken cancellation)
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
                // If a slice takes too long or too little, those that follow share the difference.
                slices[cell].Add(Measure(cell, Math.Max(0, 1 - Elapsed()) * options.Time / left--));
                progress.Report(Math.Min(1, Elapsed()));
            }
        }
        ProbeMeasurement[] measurements = [.. slices.Select(s => Median(s.Key, s.Value))];
        int roundsDone = slices.Values.Min(s => s.Count);
        return new ProbeResult(measurements, own, fileBytes, roundsDone, firstMicros, devices.UringRefusal);

        ProbeFile WriteFile(string folder) =>
            ProbeFile.Write(folder, options.FileBytes ?? FileBytesFor(folder), options.Seed, () => Elapsed() > WritingShare, cancellation);

        ProbeSlice Measure(ProbeCell cell, TimeSpan duration)
        {
            Func<long> offsets = Offsets(cell, fileBytes, random.Next());
            return cell.Pattern == AccessPattern.Burst
                ? loop.RunBursts(devices[cell], cell, offsets, s_burstPause, duration, cancellation)
                : loop.Run(devices[cell], cell, offsets, duration, cancellation);
        }

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
        from pattern in Enum.GetValues<AccessPattern>()
        from bytes in Sizes
        from depth in QueueDepths
        where pattern != AccessPattern.Burst || depth is 1 or ProbeAnalysis.BurstReads
        select new ProbeCell(method, pattern, bytes, depth);

    private static ProbeCell[] Shuffled(IEnumerable<ProbeCell> cells, ref SplitMix64 random)
    {
        ProbeCell[] list = [.. cells];
        int[] order = [.. Enumerable.Range(0, list.Length)];
        random.Shuffle(order);
        return [.. order.Select(i => list[i])];
    }

    // Where reads begin: at random multiples of a frame; or one after another from a random place on, and from the beginning after the end.
    private static Func<long> Offsets(ProbeCell cell, long fileBytes, ulong seed)
    {
        SplitMix64 random = new(seed);
        if (cell.Pattern != AccessPattern.Sequential)
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
                $"measure {folder}",
                $"at least {ByteSize.Format(10 * FileBytesMin)} free on its disk",
                ByteSize.Format(free),
                "free some space, or say with --size how much to write");
    }

    internal static NeuralinkException NoDevice(string path, string found) => new(
        $"measure {path}",
        "a file system with direct I/O",
        found,
        "through the page cache memory would be measured; give a file or a folder on the flash device");
}
