using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Neuralink.Benchmarks.Kernels;

/// <summary>
/// `kernels`: matrix products and the sparse FFN as a share of the memory bandwidth. The cases take turns within every round, so that
/// what disturbs the machine disturbs all of them; a figure is the median over the rounds.
/// </summary>
internal static class KernelsCommand
{
    private const long BufferBytes = 544L << 20;
    private const int WarmUpRounds = 2;

    public static int Run(string[] arguments)
    {
        int[] threadCounts = [1, 2];
        int rounds = 7;
        string filter = "";
        for (int i = 0; i < arguments.Length; i += 2)
        {
            switch (arguments[i])
            {
                case "--threads" when i + 1 < arguments.Length:
                    threadCounts = arguments[i + 1].Split(',').Select(int.Parse).ToArray();
                    break;
                case "--rounds" when i + 1 < arguments.Length:
                    rounds = int.Parse(arguments[i + 1]);
                    break;
                case "--only" when i + 1 < arguments.Length:
                    filter = arguments[i + 1];
                    break;
                default:
                    Console.Error.WriteLine($"kernels: unknown or incomplete option {arguments[i]}");
                    return 2;
            }
        }

        using var buffer = new HugeBuffer(BufferBytes);
        Fill(buffer);
        foreach (int threads in threadCounts)
        {
            Measure(buffer, threads, rounds, filter);
        }

        return 0;
    }

    private static void Measure(HugeBuffer buffer, int threads, int rounds, string filter)
    {
        IKernelCase[] cases =
        [
            new ReadCase(buffer, threads),
            .. Cases(buffer).Where(item => item.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)),
        ];
        double[][] rates = new double[cases.Length][];
        using var pool = new WorkerPool(threads);
        for (int round = -WarmUpRounds; round < rounds; round++)
        {
            for (int i = 0; i < cases.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                cases[i].Pass(pool);
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                rates[i] ??= new double[rounds];
                if (round >= 0)
                {
                    rates[i][round] = cases[i].BytesRead / seconds;
                }
            }
        }

        Print(cases, rates, threads);
    }

    private static IKernelCase[] Cases(HugeBuffer buffer) =>
    [
        new MatrixVectorCase(buffer, WeightFormat.F16, 1),
        new MatrixVectorCase(buffer, WeightFormat.BF16, 1),
        new MatrixVectorCase(buffer, WeightFormat.F32, 1),
        new SparseFfnCase(buffer, WeightFormat.F16, 4096, 1100, 1),
        new SparseFfnCase(buffer, WeightFormat.BF16, 4096, 1100, 1),
        new SparseFfnCase(buffer, WeightFormat.F32, 4096, 1100, 1),
        new SparseFfnCase(buffer, WeightFormat.F16, 1024, 1100, 1),
        new SparseFfnCase(buffer, WeightFormat.F16, 256, 1100, 1),
        new MatrixVectorCase(buffer, WeightFormat.F16, 1, 8192, 2048),
        new SketchCase(buffer, 4, 8192, 2048),
        new SketchCase(buffer, 3, 8192, 2048),
        new SketchCase(buffer, 2, 8192, 2048),
        new SketchCase(buffer, 4, 11008, 4096),
        new SketchCase(buffer, 3, 11008, 4096),
        new SketchCase(buffer, 2, 11008, 4096),
        new MatrixVectorCase(buffer, WeightFormat.F16, 16),
        new MatrixVectorCase(buffer, WeightFormat.F16, 64),
        new SparseFfnCase(buffer, WeightFormat.F16, 4096, 1100, 16),
    ];

    private static void Print(IKernelCase[] cases, double[][] rates, int threads)
    {
        double limit = Median(rates[0]);
        Console.WriteLine(
            $"{threads} thread(s), {RuntimeInformation.ProcessArchitecture}, {rates[0].Length} rounds, median (least to most)");
        for (int i = 0; i < cases.Length; i++)
        {
            double rate = Median(rates[i]);
            string range = $"({rates[i].Min() / 1e9:F1} to {rates[i].Max() / 1e9:F1})";
            string micros = cases[i].Products > 1 ? $"  {cases[i].BytesRead / rate / cases[i].Products * 1e6,6:F0} us each" : "";
            Console.WriteLine($"  {cases[i].Name,-32} {rate / 1e9,6:F1} GB/s  {range,-14}  share {rate / limit:F2}{micros}");
        }
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    /// <summary>
    /// Random positive f16 weights below 1: every gate fires, and the same bytes are finite and normal read as bf16 and as f32.
    /// </summary>
    private static void Fill(HugeBuffer buffer)
    {
        var random = new Random(1);
        byte[] pattern = new byte[1 << 20];
        Span<ushort> weights = MemoryMarshal.Cast<byte, ushort>(pattern.AsSpan());
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = BitConverter.HalfToUInt16Bits((Half)random.NextDouble());
        }

        for (long offset = 0; offset < buffer.LengthBytes; offset += pattern.Length)
        {
            pattern.CopyTo(buffer.Slice(offset, pattern.Length));
        }
    }
}
