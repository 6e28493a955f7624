using System.Diagnostics;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;

namespace Neuralink.Benchmarks.Devices;

/// <summary>
/// `device`: random direct reads of a temporary file by threads and by io_uring, scattered into frames of 4 KiB: reads a second and the
/// process's processor time a read. The two take turns, so that what else the machine does strikes both; figures are medians.
/// </summary>
internal static class DeviceCommand
{
    private const int StrideBytes = 4096;
    private const int WriteBytes = 8 << 20;

    private static readonly int[] ReadBytes = [4 << 10, 16 << 10, 64 << 10];
    private static readonly int[] Depths = [1, 4, 16, 64];
    private static readonly FlashAccess[] Ways = [FlashAccess.Direct, FlashAccess.Uring];

    public static int Run(string[] arguments)
    {
        int rounds = 5, millis = 300;
        long fileBytes = 1L << 30;
        string folder = Path.GetTempPath();
        bool fromCompletion = false;
        for (int i = 0; i < arguments.Length; i += 2)
        {
            switch (arguments[i])
            {
                case "--rounds" when i + 1 < arguments.Length:
                    rounds = int.Parse(arguments[i + 1]);
                    break;
                case "--millis" when i + 1 < arguments.Length:
                    millis = int.Parse(arguments[i + 1]);
                    break;
                case "--file-mib" when i + 1 < arguments.Length:
                    fileBytes = long.Parse(arguments[i + 1]) << 20;
                    break;
                case "--folder" when i + 1 < arguments.Length:
                    folder = arguments[i + 1];
                    break;
                case "--submit" when i + 1 < arguments.Length && arguments[i + 1] is "thread" or "completion":
                    fromCompletion = arguments[i + 1] == "completion";
                    break;
                default:
                    Console.Error.WriteLine($"device: unknown or incomplete option {arguments[i]}");
                    return 2;
            }
        }

        string path = Path.Combine(folder, $"neuralink-bench-{Environment.ProcessId}");
        try
        {
            Console.Error.WriteLine($"writing {fileBytes >> 20} MiB to {path} ...");
            WriteFile(path, fileBytes);
            Console.WriteLine("read KiB  depth   threads: reads/s   us CPU/read   io_uring: reads/s   us CPU/read");
            foreach (int readBytes in ReadBytes)
            {
                foreach (int depth in Depths)
                    Compare(path, readBytes, depth, rounds, TimeSpan.FromMilliseconds(millis), fromCompletion);
            }

            return 0;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Compare(string path, int readBytes, int depth, int rounds, TimeSpan duration, bool fromCompletion)
    {
        (double PerSecond, double Micros)[,] figures = new (double, double)[Ways.Length, rounds];

        // The first round warms up.
        for (int round = -1; round < rounds; round++)
        {
            for (int way = 0; way < Ways.Length; way++)
            {
                (double, double) figure = Measure(path, Ways[way], readBytes, depth, duration, fromCompletion);
                if (round >= 0)
                    figures[way, round] = figure;
            }
        }

        double[] medians =
        [
            Median(0, it => it.PerSecond), Median(0, it => it.Micros), Median(1, it => it.PerSecond), Median(1, it => it.Micros)
        ];
        Console.WriteLine($"{readBytes >> 10,8} {depth,6} {medians[0],18:0} {medians[1],13:0.0} {medians[2],19:0} {medians[3],13:0.0}");

        double Median(int way, Func<(double PerSecond, double Micros), double> value)
        {
            double[] values = [.. Enumerable.Range(0, rounds).Select(round => value(figures[way, round])).Order()];
            return values[rounds / 2];
        }
    }

    private static (double PerSecond, double CpuMicros) Measure(
        string path, FlashAccess way, int readBytes, int depth, TimeSpan duration, bool fromCompletion)
    {
        int segments = readBytes / StrideBytes;
        using NativeArena memory = new(FrameArena.RequiredBytes(segments * depth, StrideBytes));
        FrameArena frames = new(memory, segments * depth, StrideBytes, "frames");
        using IFlashFile device = FlashFile.Open(path, way, StrideBytes, depth, TimeProvider.System);
        if (device.FallbackReason is { } reason)
            throw new InvalidOperationException($"There is nothing to compare: {reason}");
        using ReadLoad load = new(device, frames, segments, depth, fromCompletion);
        using Process process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        load.Run(duration);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.Refresh();
        return (load.ReadCount / seconds, (process.TotalProcessorTime - before).TotalMicroseconds / load.ReadCount);
    }

    private static void WriteFile(string path, long bytes)
    {
        byte[] block = new byte[WriteBytes];
        using FileStream file = new(path, FileMode.CreateNew);
        for (long written = 0; written < bytes; written += block.Length)
        {
            new Random((int)(written / block.Length)).NextBytes(block);
            file.Write(block);
        }

        file.Flush(flushToDisk: true);
    }
}
