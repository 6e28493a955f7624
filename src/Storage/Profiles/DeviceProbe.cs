using Neuralink.Placement.Synthetic;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Profiles;

/// <summary>How long and how much to measure.</summary>
/// <param name="Time">All of it, the writing of the temporary file included. Only where a device is so slow that one short round takes longer, that goes on to its end.</param>
/// <param name="FileBytes">The temporary file; null is <see cref="DeviceProbe.DefaultFileBytes"/>, or a tenth of the free space where that is less.</param>
/// <param name="Seed">Of the file's bytes and of where reads lie.</param>
public sealed record ProbeOptions(TimeSpan Time, long? FileBytes = null, ulong Seed = 1);

/// <summary>What a probe measured.</summary>
/// <param name="Measurements">Every cell: by method, pattern, size, depth.</param>
/// <param name="FileBytes">How long the temporary file was.</param>
/// <param name="Rounds">How often each cell was measured.</param>
public sealed record ProbeResult(IReadOnlyList<ProbeMeasurement> Measurements, long FileBytes, int Rounds);

/// <summary>
/// Measures what reads cost the flash device under a folder: by size and queue depth, random and sequential, past the page cache. The
/// time is cut into short slices, one for each cell in each of a few rounds, in an order drawn anew each round, so that something else that uses the device for a while
/// hits one slice of many cells rather than all of one; the median over the rounds then leaves it out.
/// </summary>
public static class DeviceProbe
{
    /// <summary>The temporary file, where there is room: more than the caches of a drive or a virtual machine's host tend to hold for one file.</summary>
    public const long DefaultFileBytes = 1L << 30;

    /// <summary>The shortest temporary file.</summary>
    public const long FileBytesMin = ProbeFile.LengthBytesMin;

    private const int Rounds = 5;

    // Of the time; a disk that writes slowly gets a shorter file.
    private const double WritingShare = 0.25;

    /// <summary>How reads are submitted; each is measured for its share of the time.</summary>
    private static readonly ProbeMethod[] s_methods = [new("threads", OpenThreads)];

    /// <summary>Sizes of the reads: from a page, the smallest most devices have, to where bandwidth is flat.</summary>
    public static IReadOnlyList<int> Sizes { get; } = [.. Enumerable.Range(12, 9).Select(shift => 1 << shift)];

    /// <summary>Reads in flight.</summary>
    public static IReadOnlyList<int> QueueDepths { get; } = [1, 4, 16, 32];

    /// <summary>Measures.</summary>
    /// <param name="folder">An existing folder; a temporary file is made in it, and removed however this ends.</param>
    /// <param name="volume">The one it lies on.</param>
    /// <param name="options">How long and how much.</param>
    /// <param name="time">The clock.</param>
    /// <param name="progress">Gets the share that is done.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="NeuralinkException">There is no device (a file system in memory), no direct I/O, no room; or a read failed.</exception>
    public static ProbeResult Run(
        string folder, DeviceVolume volume, ProbeOptions options, TimeProvider time, IProgress<double> progress, CancellationToken cancellation)
    {
        if (volume.IsMemory)
            throw NoDevice(folder, $"{volume.FileSystem}, which lies in memory");
        long start = time.GetTimestamp();
        using ProbeFile file = ProbeFile.Write(folder, options.FileBytes ?? FileBytesFor(folder), options.Seed, () => Elapsed() > WritingShare, cancellation);
        using NativeArena memory = new(ProbeLoop.RequiredBytes(QueueDepths[^1], Sizes[^1]));
        using ProbeLoop loop = new(QueueDepths[^1], Sizes[^1], memory, time);
        Dictionary<ProbeCell, List<double>> slices = Cells().ToDictionary(cell => cell, _ => new List<double>());
        Dictionary<(string, int), IFlashDevice> devices = [];      // one for each depth: idle threads or slots would cost their own
        try
        {
            foreach ((ProbeMethod method, int depth) in s_methods.SelectMany(_ => QueueDepths, (method, depth) => (method, depth)))
                devices.Add((method.Name, depth), method.Open(file.FilePath, depth, time));
            SplitMix64 random = new(options.Seed, stream: 1);
            int left = Rounds * slices.Count, rounds = 0;
            for (; rounds < Rounds && (rounds == 0 || Elapsed() < 1); rounds++)
            {
                foreach (ProbeCell cell in Shuffled(slices.Keys, ref random))
                {
                    // What slices lose or take too long is shared by those that follow.
                    TimeSpan slice = Math.Max(0, 1 - Elapsed()) * options.Time / left--;
                    slices[cell].Add(loop.Run(devices[(cell.IoMethod, cell.QueueDepth)], cell, Offsets(cell, file.LengthBytes, random.Next()), slice, cancellation));
                    progress.Report(Math.Min(1, Elapsed()));
                }
            }
            return new ProbeResult([.. slices.Select(s => new ProbeMeasurement(s.Key, Median(s.Value)))], file.LengthBytes, rounds);
        }
        finally
        {
            foreach (IFlashDevice device in devices.Values)
                device.Dispose();
        }

        double Elapsed() => time.GetElapsedTime(start) / options.Time;
    }

    /// <summary>The middle value, or the mean of the middle two.</summary>
    internal static double Median(IReadOnlyList<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static IEnumerable<ProbeCell> Cells() =>
        from method in s_methods
        from pattern in (AccessPattern[])[AccessPattern.Random, AccessPattern.Sequential]
        from bytes in Sizes
        from depth in QueueDepths
        select new ProbeCell(method.Name, pattern, bytes, depth);

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

    private static FileFlashDevice OpenThreads(string path, int queueDepth, TimeProvider time)
    {
        FileFlashDevice device = FileFlashDevice.Open(path, FlashAccess.Direct, ProbeLoop.FrameBytes, queueDepth, time);
        if (device.FallbackReason is not { } reason)
            return device;
        device.Dispose();
        throw NoDevice(Path.GetDirectoryName(Path.GetDirectoryName(path))!, reason);
    }

    private static NeuralinkException NoDevice(string folder, string found) => new(
        $"measure {folder}", "a file system with direct I/O", found, "through the page cache memory would be measured; give a folder on the flash device");

    private sealed record ProbeMethod(string Name, Func<string, int, TimeProvider, IFlashDevice> Open);
}
