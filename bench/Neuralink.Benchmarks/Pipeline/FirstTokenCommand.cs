using System.Diagnostics;
using System.Globalization;
using Neuralink.Models.Sampling;

namespace Neuralink.Benchmarks.Pipeline;

/// <summary>
/// `first-token`: what an empty cache costs the first tokens, with and without a warm-up. One engine for each, whose actors are started
/// anew before every run: the cache is empty then, but its memory is backed already. (A virtual machine may have to ask its host for
/// memory that it has not used for a while, at a rate below the disk's, which has nothing to do with the engine.)
/// </summary>
internal static class FirstTokenCommand
{
    private const string Prompt = "Once upon a time there was a little girl who lived";

    public static async Task<int> RunAsync(string[] arguments)
    {
        OptionReader given = new("first-token", arguments);
        string? image = given.Text("--image");
        int rounds = given.Integer("--rounds", 5), tokens = given.Integer("--tokens", 32);
        double share = given.Number("--cache", 1);
        given.Finish();
        if (image is null)
            throw new FormatException("first-token: --image IMG is missing");
        List<NeuralinkEngine> engines = [];
        foreach (WarmUpMode mode in Enum.GetValues<WarmUpMode>())
        {
            EngineOptions options = new()
            {
                Cache = CacheSize.OfShare(share),
                Threads = 2,
                ContextTokens = 256,
                WarmUp = mode,
                Strategy = ExecutionStrategy.Cluster,
            };
            engines.Add(await NeuralinkEngine.OpenAsync(image, options));
            await RunAsync(engines[^1], tokens);
        }
        Console.WriteLine("warm-up  first token ms  32nd token ms  waiting ms  MiB read  reads   (each: median of the runs)");
        List<Run>[] runs = [.. engines.Select(_ => new List<Run>())];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < engines.Count; i++)
            {
                await engines[i].EmptyCacheAsync();
                runs[i].Add(await RunAsync(engines[i], tokens));
            }
        }
        for (int i = 0; i < engines.Count; i++)
        {
            string mode = engines[i].Options.WarmUp.ToString().ToLowerInvariant();
            double first = Median(runs[i], r => r.FirstMillis), last = Median(runs[i], r => r.LastMillis);
            double wait = Median(runs[i], r => r.WaitMillis), mebibytes = Median(runs[i], r => r.Bytes / 1048576.0);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{mode,-7}  {first,14:0}  {last,13:0}  {wait,10:0}  {mebibytes,8:0}  {Median(runs[i], r => r.Reads),5:0}"));
            await engines[i].DisposeAsync();
        }
        return 0;
    }

    private static async Task<Run> RunAsync(NeuralinkEngine engine, int tokens)
    {
        GenerationRequest request = new()
        {
            Prompt = engine.Tokenizer.Encode(Prompt),
            MaxTokens = tokens,
            Sampling = new SamplingOptions { Temperature = 0 },
            IgnoreEndTokens = true,
        };
        long start = Stopwatch.GetTimestamp();
        double first = 0;
        GenerationResult? result = null;
        await foreach (GenerationEvent happened in engine.GenerateAsync(request))
        {
            if (happened is TokenGenerated && first == 0)
                first = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            else if (happened is GenerationFinished finished)
                result = finished.Result;
        }
        double last = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        return new Run(first, last, result!.Io.WaitMillis, result.Io.BytesRead, result.Io.Reads);
    }

    private static double Median(List<Run> runs, Func<Run, double> figure) => runs.Select(figure).Order().ElementAt(runs.Count / 2);

    private sealed record Run(double FirstMillis, double LastMillis, double WaitMillis, long Bytes, long Reads);
}
