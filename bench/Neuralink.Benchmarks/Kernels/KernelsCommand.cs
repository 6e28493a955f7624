using System.Diagnostics;
using System.Globalization;
using Neuralink.Studies.Measuring;

namespace Neuralink.Benchmarks.Kernels;

/// <summary>
/// `kernels`: matrix products and the sparse FFN as a share of the memory bandwidth, with normally distributed weights. The cases take
/// turns within every round, so that what disturbs the machine disturbs all of them; a figure is the median over the rounds.
/// </summary>
internal static class KernelsCommand
{
    private const int WarmUpRounds = 2;

    public static int Run(string[] arguments)
    {
        int[] threadCounts = [1, 2];
        double[] deviations = [0.002, 0.02, 0.2];
        int rounds = 7;
        string filter = "";
        for (int i = 0; i < arguments.Length; i += 2)
        {
            switch (arguments[i])
            {
                case "--threads" when i + 1 < arguments.Length:
                    threadCounts = [.. arguments[i + 1].Split(',').Select(int.Parse)];
                    break;
                case "--deviation" when i + 1 < arguments.Length:
                    deviations = [.. arguments[i + 1].Split(',').Select(value => double.Parse(value, CultureInfo.InvariantCulture))];
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

        Console.WriteLine(Processor.Description);
        foreach (double deviation in deviations)
        {
            using NormalWeights weights = new(deviation);
            IKernelCase[] cases = [.. Cases(weights), .. deviation == deviations[0] ? CasesOfAnyWeights(weights) : []];
            cases = [.. cases.Where(item => item.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))];
            foreach (int threads in threadCounts)
                Measure(weights, cases, threads, rounds);
        }

        return 0;
    }

    private static void Measure(NormalWeights weights, IKernelCase[] cases, int threads, int rounds)
    {
        cases = [new ReadCase(weights[WeightFormat.F16], threads), .. cases];
        double[][] rates = [.. cases.Select(_ => new double[rounds])];
        using var pool = new WorkerPool(threads);
        for (int round = -WarmUpRounds; round < rounds; round++)
        {
            for (int i = 0; i < cases.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                cases[i].Pass(pool);
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                if (round >= 0)
                    rates[i][round] = cases[i].BytesRead / seconds;
            }
        }

        Console.WriteLine(
            $"weights of deviation {weights.Deviation} ({weights.SubnormalShare:P2} subnormal as f16), {threads} thread(s), "
            + $"{rounds} rounds, median (least to most)");
        Print(cases, rates);
    }

    /// <summary>What is measured at each deviation, f16 and bf16 one after the other.</summary>
    private static IEnumerable<IKernelCase> Cases(NormalWeights weights)
    {
        WeightFormat[] formats = [WeightFormat.F16, WeightFormat.BF16];
        return
        [
            .. formats.Select(format => new MatrixVectorCase(weights, format, 1)),
            .. formats.Select(format => new MatrixVectorCase(weights, format, 1, 8192, 2048)),
            .. formats.Select(format => SparseFfnCase.Whole(weights, format, 4096, 1100)),
            .. formats.Select(format => SparseFfnCase.Decided(weights, format, 4096, 1100)),
            .. formats.Select(format => SparseFfnCase.AddDown(weights, format, 4096, 1100)),
        ];
    }

    /// <summary>What takes the same time whatever the weights are.</summary>
    private static IEnumerable<IKernelCase> CasesOfAnyWeights(NormalWeights weights) =>
    [
        new MatrixVectorCase(weights, WeightFormat.F32, 1),
        new MatrixVectorCase(weights, WeightFormat.Q8_0, 1),
        new MatrixVectorCase(weights, WeightFormat.Q4_0, 1),
        new MatrixVectorCase(weights, WeightFormat.Q8_0, 1, 8192, 2048),
        new MatrixVectorCase(weights, WeightFormat.Q4_0, 1, 8192, 2048),
        SparseFfnCase.Whole(weights, WeightFormat.Q8_0, 4096, 1100),
        SparseFfnCase.Whole(weights, WeightFormat.Q4_0, 4096, 1100),
        SparseFfnCase.Decided(weights, WeightFormat.Q8_0, 4096, 1100),
        SparseFfnCase.Decided(weights, WeightFormat.Q4_0, 4096, 1100),
        SparseFfnCase.AddDown(weights, WeightFormat.Q8_0, 4096, 1100),
        SparseFfnCase.AddDown(weights, WeightFormat.Q4_0, 4096, 1100),
        SparseFfnCase.Whole(weights, WeightFormat.F32, 4096, 1100),
        SparseFfnCase.Whole(weights, WeightFormat.F16, 1024, 1100),
        SparseFfnCase.Whole(weights, WeightFormat.F16, 256, 1100),
        new SketchCase(weights[WeightFormat.F16], 4, 8192, 2048),
        new SketchCase(weights[WeightFormat.F16], 3, 8192, 2048),
        new SketchCase(weights[WeightFormat.F16], 2, 8192, 2048),
        new SketchCase(weights[WeightFormat.F16], 4, 11008, 4096),
        new SketchCase(weights[WeightFormat.F16], 3, 11008, 4096),
        new SketchCase(weights[WeightFormat.F16], 2, 11008, 4096),
        new MatrixVectorCase(weights, WeightFormat.F16, 16),
        new MatrixVectorCase(weights, WeightFormat.F16, 64),
        SparseFfnCase.Whole(weights, WeightFormat.F16, 4096, 1100, batch: 16),
    ];

    private static void Print(IKernelCase[] cases, double[][] rates)
    {
        double limit = Median(rates[0]);
        for (int i = 0; i < cases.Length; i++)
        {
            double rate = Median(rates[i]);
            string range = $"({rates[i].Min() / 1e9:F1} to {rates[i].Max() / 1e9:F1})";
            string micros = cases[i].Products > 1 ? $"  {cases[i].BytesRead / rate / cases[i].Products * 1e6,6:F0} us each" : "";
            Console.WriteLine(
                $"  {cases[i].Name,-32} {rate / 1e9,6:F1} GB/s  {range,-14}  share {rate / limit:F2}{micros}{OfBF16(cases, rates, i)}");
        }
    }

    /// <summary>What an f16 case reached of its bf16 twin's bytes a second, round by round.</summary>
    private static string OfBF16(IKernelCase[] cases, double[][] rates, int index)
    {
        int twin = Array.FindIndex(cases, item => item.Name == "B" + cases[index].Name);
        if (twin < 0)
            return "";

        double[] ratios = [.. rates[index].Zip(rates[twin], (f16, bf16) => f16 / bf16)];
        return $"  of bf16 {Median(ratios):F2} ({ratios.Min():F2} to {ratios.Max():F2})";
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
