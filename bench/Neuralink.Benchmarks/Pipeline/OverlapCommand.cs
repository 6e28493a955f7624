using Neuralink.Models.Checkpoints;
using Neuralink.Models.Packing;
using Neuralink.Models.Sampling;
using Neuralink.Placement.Cost;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Studies.Measuring;

namespace Neuralink.Benchmarks.Pipeline;

/// <summary>
/// `overlap`: what overlapping reads with computing saves, on a device slowed to where both take the same time: the best case for
/// overlap, in which a perfect one would halve the time; `--slow 0.5` and `--slow 2` make it half and twice as slow as that. The device is
/// the image in memory behind a modelled cost: like direct I/O, and
/// unlike the page cache, it costs little of the processors' time. Serial and overlapped runs take turns; figures are medians.
/// </summary>
internal static class OverlapCommand
{
    // The knee of a phone's UFS 4.0 and of a cloud disk: bandwidth / IOPS.
    private const double KneeBytes = 20 << 10;
    private const int Tokens = 48;
    private const int WarmUpTokens = 24;

    public static async Task<int> RunAsync(string[] arguments)
    {
        int threads = 1, rounds = 7;
        double slow = 1;
        float? margin = null;
        string? source = null;
        for (int i = 0; i + 1 < arguments.Length; i += 2)
        {
            switch (arguments[i])
            {
                case "--threads":
                    threads = int.Parse(arguments[i + 1]);
                    break;
                case "--rounds":
                    rounds = int.Parse(arguments[i + 1]);
                    break;
                case "--margin":
                    margin = float.Parse(arguments[i + 1]);
                    break;
                case "--slow":
                    slow = double.Parse(arguments[i + 1]);
                    break;
                case "--model":
                    source = arguments[i + 1];
                    break;
                default:
                    Console.Error.WriteLine($"overlap: unknown option {arguments[i]}");
                    return 2;
            }
        }

        string root = Directory.CreateTempSubdirectory("neuralink-bench-").FullName;
        try
        {
            if (source is null)
            {
                source = Path.Combine(root, "synthetic");
                Console.Error.WriteLine("writing a synthetic model of 24 layers ...");
                SyntheticModel.Write(source, Path.Combine(BundledModel.Folder, "tokenizer.json"), seed: 1);
            }

            string image = Path.Combine(root, "model.nlk");
            using (Checkpoint checkpoint = Checkpoint.Open(source))
                ModelPacker.Pack(checkpoint, image, new PackOptions());
            await CompareAsync(image, threads, rounds, slow, new PredictorOptions { Kind = PredictorKind.Sketch, Margin = margin });
            return 0;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task CompareAsync(string image, int threads, int rounds, double slow, PredictorOptions lookahead)
    {
        using NeuronsInMemory neurons = new(FlashImage.Open(image));
        GenerationResult fastSerial = await GenerateAsync(image, neurons, ExecutionStrategy.Serial, lookahead, threads, cost: null);
        GenerationResult fastOverlap = await GenerateAsync(
            image, neurons, ExecutionStrategy.PrefetchCluster, lookahead, threads, cost: null);
        double reads = (double)fastSerial.Io.Reads / Passes(fastSerial), bytes = (double)fastSerial.Io.BytesRead / Passes(fastSerial);
        double bytesPerMicro = ((reads * KneeBytes) + bytes) / (ComputeMillis(fastOverlap) * 1000 * slow);
        ReadCost cost = ReadCost.Linear(KneeBytes / bytesPerMicro, bytesPerMicro);
        Console.WriteLine(
            $"{threads} thread(s); a token computes for {ComputeMillis(fastSerial):0.00} ms, with lookahead "
            + $"{ComputeMillis(fastOverlap):0.00} ms, and reads {bytes / 1024:0} KiB in {reads:0} reads");
        Console.WriteLine(
            $"device: {KneeBytes / bytesPerMicro:0.0} us a read, {bytesPerMicro:0} MB/s, so that a token reads {slow} times as long as it "
            + "computes with lookahead");

        List<GenerationResult> serial = [], overlap = [];
        for (int round = 0; round < rounds; round++)
        {
            serial.Add(await GenerateAsync(image, neurons, ExecutionStrategy.Serial, lookahead, threads, cost));
            overlap.Add(await GenerateAsync(image, neurons, ExecutionStrategy.PrefetchCluster, lookahead, threads, cost));
        }

        Console.WriteLine("strategy   ms/token  wait ms  device ms  must cost  on time  late  wasted  repaired (neurons a token)");
        Print("serial", serial, cost);
        Print("overlap", overlap, cost);
        double[] ratios = [.. serial.Zip(overlap, (s, o) => MillisPerToken(o) / MillisPerToken(s)).Order()];
        Console.WriteLine(
            $"overlap / serial: {ratios[ratios.Length / 2]:0.000} (median of {rounds} pairs; {ratios[0]:0.000} to {ratios[^1]:0.000})");
    }

    private static void Print(string name, List<GenerationResult> results, ReadCost cost)
    {
        Console.WriteLine(
            $"{name,-9} {Median(MillisPerToken),9:0.00} {Median(r => r.Io.WaitMillis / Passes(r)),8:0.00} "
            + $"{Median(r => r.Io.IoMillis / Passes(r)),10:0.00} "
            + $"{Median(r => r.Io.Reads * cost.MicrosOf((long)r.Io.MeanReadBytes) / 1000 / Passes(r)),10:0.00} "
            + $"{Median(r => (double)r.Io.PrefetchOnTime / Passes(r)),8:0} {Median(r => (double)r.Io.PrefetchLate / Passes(r)),5:0} "
            + $"{Median(r => (double)r.Io.PrefetchWasted / Passes(r)),7:0} {Median(r => (double)r.Io.DemandMisses / Passes(r)),9:0}");

        double Median(Func<GenerationResult, double> figure) => results.Select(figure).Order().ElementAt(results.Count / 2);
    }

    private static double MillisPerToken(GenerationResult result) =>
        (result.Timings.PromptMillis + result.Timings.PredictedMillis) / Passes(result);

    private static double ComputeMillis(GenerationResult result) => MillisPerToken(result) - (result.Io.WaitMillis / Passes(result));

    // The prompt is one token, and the last token is not run.
    private static int Passes(GenerationResult result) => result.Tokens.Count;

    private static async Task<GenerationResult> GenerateAsync(
        string image, NeuronsInMemory neurons, ExecutionStrategy strategy, PredictorOptions lookahead, int threads, ReadCost? cost)
    {
        EngineOptions options = new()
        {
            Strategy = strategy,
            Lookahead = lookahead,
            Threads = threads,
            Cache = CacheSize.OfShare(0.05),
            ContextTokens = 256,
            ReadCost = cost ?? ReadCost.Default,
        };
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image, options, decorate: file =>
        {
            IFlashDevice memory = neurons.InPlaceOf(file, TimeProvider.System);
            return cost is null ? memory : new ThrottledDevice(memory, cost, TimeProvider.System);
        });
        await GenerateAsync(engine, WarmUpTokens);
        return await GenerateAsync(engine, Tokens);
    }

    private static async Task<GenerationResult> GenerateAsync(NeuralinkEngine engine, int tokens)
    {
        GenerationRequest request = new()
        {
            Prompt = new[] { 42 },
            MaxTokens = tokens,
            Sampling = new SamplingOptions { Seed = 7 },
            IgnoreEndTokens = true,
        };
        await foreach (GenerationEvent happened in engine.GenerateAsync(request))
        {
            if (happened is GenerationFinished finished)
                return finished.Result;
        }

        throw new InvalidOperationException("The generation ended without a result.");
    }
}
