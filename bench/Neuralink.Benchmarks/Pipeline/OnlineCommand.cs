using Neuralink.Models.Sampling;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Cost;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Profiles;

namespace Neuralink.Benchmarks.Pipeline;

/// <summary>
/// `online`: what the online stage is worth on a real device: the default against the baseline of LLM in a flash and against itself with
/// one part switched off at a time. Every round runs every variant once, in turn; each opens the engine anew, warms up and is timed over
/// the tokens that follow. Figures are medians.
/// </summary>
internal static class OnlineCommand
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        string? identity = null, placed = null, profile = null, only = null;
        int rounds = 5, tokens = 32, warmUp = 24, threads = 2, depth = 16;
        double cache = 0.05;
        float margin = 0;
        FlashAccess io = FlashAccess.Direct;
        for (int i = 0; i + 1 < arguments.Length; i += 2)
        {
            string value = arguments[i + 1];
            switch (arguments[i])
            {
                case "--identity":
                    identity = value;
                    break;
                case "--placed":
                    placed = value;
                    break;
                case "--profile":
                    profile = value;
                    break;
                case "--only":
                    only = value;
                    break;
                case "--rounds":
                    rounds = int.Parse(value);
                    break;
                case "--tokens":
                    tokens = int.Parse(value);
                    break;
                case "--warm-up":
                    warmUp = int.Parse(value);
                    break;
                case "--threads":
                    threads = int.Parse(value);
                    break;
                case "--depth":
                    depth = int.Parse(value);
                    break;
                case "--cache":
                    cache = double.Parse(value);
                    break;
                case "--margin":
                    margin = float.Parse(value);
                    break;
                case "--io":
                    io = Enum.Parse<FlashAccess>(value, ignoreCase: true);
                    break;
                default:
                    Console.Error.WriteLine($"online: unknown option {arguments[i]}");
                    return 2;
            }
        }
        if (identity is null || placed is null)
        {
            Console.Error.WriteLine("online: give the same model as --identity IMG and --placed IMG");
            return 2;
        }

        ReadCost cost = profile is null ? ReadCost.Default : DeviceProfile.Read(profile).ToReadCost();
        EngineOptions chosen = new()
        {
            Threads = threads,
            QueueDepth = depth,
            Io = io,
            Cache = CacheSize.OfShare(cache),
            ContextTokens = warmUp + tokens + 1,
            ReadCost = cost,
            Strategy = ExecutionStrategy.PrefetchCluster,
            Lookahead = new PredictorOptions { Kind = PredictorKind.Sketch, Margin = margin },
        };
        Variant[] variants =
        [
            new("llmflash", identity, chosen with { Strategy = ExecutionStrategy.LlmFlash }),
            new("prefetch+cluster", placed, chosen),
            new("without order", identity, chosen),
            new("without collapse", placed, chosen with { CollapseGapBytes = 0 }),
            new("cache lru", placed, chosen with { CachePolicy = CacheOptions.Of(CachePolicyKind.Lru) }),
            new("cache s3-fifo", placed, chosen with { CachePolicy = CacheOptions.Of(CachePolicyKind.S3Fifo) }),
            new("cache window", placed, chosen with { CachePolicy = CacheOptions.Of(CachePolicyKind.Window) }),
            new("no admission rule", placed, chosen with { CachePolicy = new CacheOptions { SegmentProbability = 1 } }),
            new("cluster", placed, chosen with { Strategy = ExecutionStrategy.Cluster }),
            new("prefetch", placed, chosen with { Strategy = ExecutionStrategy.Prefetch }),
            new("serial", placed, chosen with { Strategy = ExecutionStrategy.Serial }),
            new("lookahead exact", placed, chosen with { Lookahead = PredictorOptions.Exact }),
            new("io_uring", placed, chosen with { Io = FlashAccess.Uring }),
        ];
        if (only is not null)
            variants = [.. variants.Where(v => only.Split(',').Contains(v.Name))];
        Dictionary<Variant, List<GenerationResult>> results = variants.ToDictionary(v => v, _ => new List<GenerationResult>());
        for (int round = 0; round < rounds; round++)
        {
            foreach (Variant variant in variants)
            {
                Console.Error.WriteLine($"round {round + 1} of {rounds}: {variant.Name}");
                results[variant].Add(await RunAsync(variant, warmUp, tokens));
            }
        }

        Console.WriteLine(
            "variant             ms/token  of first   MiB/token  reads  KiB/read  hits  effective MB/s  raw MB/s  busy ms  wait ms  recall "
            + " precision");
        double first = Median(results[variants[0]], MillisPerToken);
        foreach ((Variant variant, List<GenerationResult> runs) in results)
        {
            Console.WriteLine(
                $"{variant.Name,-18} {Median(runs, MillisPerToken),9:0.0} {Median(runs, MillisPerToken) / first,9:0.000} "
                + $"{Median(runs, r => r.Io.BytesRead / 1048576.0 / tokens),11:0.0} {Median(runs, r => (double)r.Io.Reads / tokens),6:0} "
                + $"{Median(runs, r => r.Io.MeanReadBytes / 1024),9:0.0} {Median(runs, r => r.Io.CacheHitRate),5:0.00} "
                + $"{Median(runs, r => r.Io.EffectiveBytesPerSecond / 1e6),15:0} {Median(runs, r => r.Io.RawBytesPerSecond / 1e6),9:0} "
                + $"{Median(runs, r => r.Io.IoMillis / tokens),8:0.0} {Median(runs, r => r.Io.WaitMillis / tokens),8:0.0} "
                + $"{Median(runs, r => r.Io.LookaheadRecall ?? 0),7:0.00} {Median(runs, r => r.Io.LookaheadPrecision ?? 0),10:0.00}   "
                + $"[{runs.Min(MillisPerToken):0.0} to {runs.Max(MillisPerToken):0.0}]");
        }
        return 0;
    }

    private static async Task<GenerationResult> RunAsync(Variant variant, int warmUp, int tokens)
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(variant.Image, variant.Options);
        GenerationResult warm = await GenerateAsync(engine, [42], warmUp);
        return await GenerateAsync(engine, [warm.Tokens[^1]], tokens);
    }

    // The prompt is one token, and the last token is not run: as many passes as tokens.
    private static double MillisPerToken(GenerationResult result) =>
        (result.Timings.PromptMillis + result.Timings.PredictedMillis) / result.Tokens.Count;

    private static double Median(List<GenerationResult> runs, Func<GenerationResult, double> figure) =>
        runs.Select(figure).Order().ElementAt(runs.Count / 2);

    private static async Task<GenerationResult> GenerateAsync(NeuralinkEngine engine, int[] prompt, int tokens)
    {
        GenerationRequest request = new()
        {
            Prompt = prompt,
            MaxTokens = tokens,
            Sampling = new SamplingOptions { Temperature = 1, Seed = 7 },
            IgnoreEndTokens = true,
        };
        await foreach (GenerationEvent happened in engine.GenerateAsync(request))
        {
            if (happened is GenerationFinished finished)
                return finished.Result;
        }
        throw new InvalidOperationException("The generation ended without a result.");
    }

    private sealed record Variant(string Name, string Image, EngineOptions Options);
}
