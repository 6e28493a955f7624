using System.Diagnostics;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Packing;
using Neuralink.Models.Sampling;
using Neuralink.Models.Tokenizers;
using Neuralink.Placement.Cost;
using Neuralink.Storage.Devices;

namespace Neuralink.Benchmarks.Serving;

/// <summary>
/// `sharing`: what texts that run together share of the reads, and what it does for their speed: 1, 2, 4, 8 and 16 of them on the bundled
/// model (or an image of it in another order), with a cache of 5%, on this machine's disk and on a device slowed until one text's reading
/// takes twice its computing. Runs take turns; figures are medians of all texts' tokens together, past their prompts.
/// </summary>
internal static class SharingCommand
{
    // The knee of a phone's UFS 4.0 and of a cloud disk: bandwidth / IOPS.
    private const double KneeBytes = 20 << 10;
    private const double SlowFactor = 2;

    private static readonly int[] s_counts = [1, 2, 4, 8, 16];

    // Beginnings of stories, which go on differently.
    private static readonly string[] s_prompts =
    [
        "Once upon a time", "One day, a little girl named Lily", "Tom and Sam were", "The big dog", "There was a small boat",
        "In a dark forest", "Mom said", "A bird sat on", "Ben had a red ball", "The sun was hot and", "Lucy went to the park",
        "An old man", "The cat wanted",
        "It was raining and", "Anna and her brother", "The little fish",
    ];

    public static async Task<int> RunAsync(string[] arguments)
    {
        int rounds = 5, tokens = 96;
        double cache = 0.05;
        string? placed = null;
        for (int i = 0; i + 1 < arguments.Length; i += 2)
        {
            switch (arguments[i])
            {
                case "--rounds":
                    rounds = int.Parse(arguments[i + 1]);
                    break;
                case "--tokens":
                    tokens = int.Parse(arguments[i + 1]);
                    break;
                case "--cache":
                    cache = double.Parse(arguments[i + 1]);
                    break;
                case "--image":
                    placed = arguments[i + 1];
                    break;
                default:
                    Console.Error.WriteLine($"sharing: unknown option {arguments[i]}");
                    return 2;
            }
        }
        string root = Directory.CreateTempSubdirectory("neuralink-bench-").FullName;
        try
        {
            string image = placed ?? Path.Combine(root, "model.nlk");
            if (placed is null)
            {
                using Checkpoint checkpoint = Checkpoint.Open(BundledModel.Folder);
                ModelPacker.Pack(checkpoint, image, new PackOptions());
            }
            await CompareAsync(image, "this machine's disk", cost: null, cache, rounds, tokens);
            Traffic alone = await MeasureAsync(image, cost: null, cache, count: 1, tokens);
            // A linear cost at which the reads of a token take so much longer than all else of it.
            double computeMicros = (alone.Millis - alone.WaitMillis) / alone.Tokens * 1000;
            double bytesPerMicro = ((alone.Reads * KneeBytes) + alone.BytesRead) / alone.Tokens / (computeMicros * SlowFactor);
            ReadCost cost = ReadCost.Linear(KneeBytes / bytesPerMicro, bytesPerMicro);
            await CompareAsync(
                image, $"a device of {KneeBytes / bytesPerMicro:0} us a read and {bytesPerMicro:0} MB/s", cost, cache, rounds, tokens);
            return 0;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task CompareAsync(string image, string device, ReadCost? cost, double cache, int rounds, int tokens)
    {
        Dictionary<int, List<Traffic>> runs = s_counts.ToDictionary(count => count, _ => new List<Traffic>());
        for (int round = 0; round < rounds; round++)
        {
            foreach (int count in s_counts)
            {
                Console.Error.WriteLine($"{device}: round {round + 1} of {rounds}, {count} texts");
                runs[count].Add(await MeasureAsync(image, cost, cache, count, tokens));
            }
        }
        Console.WriteLine($"{device}, cache {cache:P0}, {tokens} tokens a text, medians of {rounds}");
        Console.WriteLine(
            "texts  tokens/s  of one  KiB/token  of one  reads/token  rows/pass  wait ms/pass  wanted/pass  missed/pass  bridged/pass");
        double rate = Median(runs[1], t => t.TokensPerSecond), bytes = Median(runs[1], t => t.BytesPerToken);
        foreach ((int count, List<Traffic> all) in runs)
        {
            Console.WriteLine(
                $"{count,5} {Median(all, t => t.TokensPerSecond),9:0.0} {Median(all, t => t.TokensPerSecond) / rate,7:0.00} "
                + $"{Median(all, t => t.BytesPerToken) / 1024,10:0.0} {Median(all, t => t.BytesPerToken) / bytes,7:0.00} "
                + $"{Median(all, t => (double)t.Reads / t.Tokens),12:0.0} {Median(all, t => (double)t.Tokens / t.Passes),10:0.0} "
                + $"{Median(all, t => t.WaitMillis / t.Passes),13:0.00} {Median(all, t => (double)t.Wanted / t.Passes),12:0} "
                + $"{Median(all, t => (double)t.Missed / t.Passes),12:0} {Median(all, t => (double)t.Bridged / t.Passes),13:0}");
        }
    }

    private static double Median(List<Traffic> runs, Func<Traffic, double> figure) => runs.Select(figure).Order().ElementAt(runs.Count / 2);

    private static async Task<Traffic> MeasureAsync(string image, ReadCost? cost, double cache, int count, int tokens)
    {
        EngineOptions options = new()
        {
            Strategy = ExecutionStrategy.Cluster,
            Cache = CacheSize.OfShare(cache),
            SequencesMax = count,
            ContextTokens = tokens + 32,
            ReadCost = cost ?? ReadCost.Default,
        };
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            image, options, decorate: file => cost is null ? file : new ThrottledDevice(file, cost, TimeProvider.System));
        await engine.WhenWarm;
        int passes = 0;
        GenerationRequest[] requests = [.. s_prompts.Take(count).Select((prompt, i) => RequestOf(engine.Tokenizer, prompt, tokens, i))];
        // The prompts first: what is measured is what is generated.
        await Task.WhenAll(requests.Select(request => RunAsync(engine, request with { MaxTokens = 1, SharesPrefix = true })));
        IoMetrics before = engine.Totals.Io;
        using IDisposable observed = engine.ObservePasses(pass => passes++);
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(requests.Select(request => RunAsync(engine, request with { SharesPrefix = true })));
        double millis = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        IoMetrics after = engine.Totals.Io;
        return new Traffic
        {
            Tokens = count * tokens,
            Passes = passes,
            Millis = millis,
            WaitMillis = after.WaitMillis - before.WaitMillis,
            BytesRead = after.BytesRead - before.BytesRead,
            Reads = after.Reads - before.Reads,
            Wanted = after.Wanted - before.Wanted,
            Missed = after.DemandMisses - before.DemandMisses,
            Bridged = after.Bridged - before.Bridged,
        };
    }

    private static GenerationRequest RequestOf(Tokenizer tokenizer, string prompt, int tokens, int seed) => new()
    {
        Prompt = tokenizer.Encode(prompt),
        MaxTokens = tokens,
        Sampling = new SamplingOptions { Temperature = 0.8f, Seed = (ulong)seed },
        IgnoreEndTokens = true,
    };

    private static async Task RunAsync(NeuralinkEngine engine, GenerationRequest request)
    {
        await foreach (GenerationEvent _ in engine.GenerateAsync(request))
        {
        }
    }

    private sealed record Traffic
    {
        public required int Tokens { get; init; }

        public required int Passes { get; init; }

        public required double Millis { get; init; }

        public required double WaitMillis { get; init; }

        public required long BytesRead { get; init; }

        public required long Reads { get; init; }

        public required long Wanted { get; init; }

        public required long Missed { get; init; }

        public required long Bridged { get; init; }

        public double TokensPerSecond => Tokens / Millis * 1000;

        public double BytesPerToken => (double)BytesRead / Tokens;
    }
}
