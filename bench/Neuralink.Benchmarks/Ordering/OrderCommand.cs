using System.Diagnostics;
using Neuralink.Placement.Ordering;
using Neuralink.Placement.Traces;

namespace Neuralink.Benchmarks.Ordering;

/// <summary>
/// `order`: how long method neuralink takes to count and link all layers of a paper model's shape, by stage, and the memory
/// it needs. The traces are random: clusters with a power-law popularity whose members fire together, in shuffled order; they
/// are made before the clock starts.
/// </summary>
internal static class OrderCommand
{
    // FFN widths and shares of neurons that fire: Neuralink (arXiv 2410.19274), evaluation setup.
    private static readonly (string Name, int Layers, int Neurons, double Share)[] Shapes =
    [
        ("opt-6.7b", 32, 16384, 0.032),
        ("llama2-7b", 32, 11008, 0.24),
    ];

    public static int Run(string[] arguments)
    {
        string filter = "";
        int tokens = 20_000, threads = Environment.ProcessorCount, layersMax = int.MaxValue;
        long pairBytesMax = new OrderingOptions { Method = PlacementMethod.Neuralink, StrideBytes = 512 }.PairBytesMax;
        for (int i = 0; i < arguments.Length; i += 2)
        {
            switch (arguments[i])
            {
                case "--only" when i + 1 < arguments.Length:
                    filter = arguments[i + 1];
                    break;
                case "--tokens" when i + 1 < arguments.Length:
                    tokens = int.Parse(arguments[i + 1]);
                    break;
                case "--threads" when i + 1 < arguments.Length:
                    threads = int.Parse(arguments[i + 1]);
                    break;
                case "--layers" when i + 1 < arguments.Length:
                    layersMax = int.Parse(arguments[i + 1]);
                    break;
                case "--pair-mib" when i + 1 < arguments.Length:
                    pairBytesMax = long.Parse(arguments[i + 1]) << 20;
                    break;
                default:
                    Console.Error.WriteLine($"order: unknown or incomplete option {arguments[i]}");
                    return 2;
            }
        }

        OrderingOptions options = new()
        {
            Method = PlacementMethod.Neuralink,
            StrideBytes = 16 << 10,
            Threads = threads,
            PairBytesMax = pairBytesMax,
        };
        Console.WriteLine("shape       layers  neurons  tokens  share  80% by   seconds  counting  sorting  linking  peak MiB (traces)");
        foreach ((string name, int layers, int neurons, double share) in Shapes)
        {
            if (name.Contains(filter, StringComparison.OrdinalIgnoreCase))
                Measure(name, Math.Min(layers, layersMax), neurons, tokens, share, options);
        }
        return 0;
    }

    private static void Measure(string name, int layers, int neurons, int tokens, double share, OrderingOptions options)
    {
        ActivationMatrix[] traces = new ActivationMatrix[layers];
        Parallel.For(0, layers, layer => traces[layer] = ClusteredTrace.Create(neurons, tokens, share, seed: layer));
        ModelOrdering.Order(1, _ => traces[0].Sample(0, tokens / 10), options, TimeProvider.System);
        ModelOrdering.Order(1, _ => traces[0].Sample(0, tokens / 10), options, TimeProvider.System);
        GC.Collect();
        long start = Stopwatch.GetTimestamp();
        ModelOrder order = ModelOrdering.Order(layers, layer => traces[layer.Value], options, TimeProvider.System);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        OrderingTimes times = order.Times;
        Console.WriteLine(
            $"{name,-10} {layers,7} {neurons,8} {tokens,7} {traces[0].ActiveCount() / (double)neurons / tokens,6:0.000} "
            + $"{ShareThatMakes80Percent(traces[0]),7:0.000} {seconds,9:0.0} "
            + $"{times.Counting / times.Total,9:0.00} {times.Sorting / times.Total,8:0.00} {times.Linking / times.Total,8:0.00} "
            + $"{Process.GetCurrentProcess().PeakWorkingSet64 >> 20,9} ({traces.Sum(trace => trace.Bytes) >> 20})");
    }

    private static double ShareThatMakes80Percent(ActivationMatrix trace)
    {
        int[] frequencies = trace.Frequencies();
        Array.Sort(frequencies, (a, b) => b.CompareTo(a));
        long wanted = frequencies.Sum(frequency => (long)frequency) * 8 / 10;
        int count = 0;
        for (long sum = 0; sum < wanted; count++)
            sum += frequencies[count];
        return count / (double)frequencies.Length;
    }
}
