using System.Diagnostics;
using System.Globalization;
using Neuralink.Hosting;
using Neuralink.Models.Sampling;

namespace Neuralink.Benchmarks.Serving;

/// <summary>
/// `routing`: how long a token takes from the engine to whoever reads it, by the three ways that there are: without a cluster, from a
/// conversation of the reader's own node, and from one of another node over loopback. Two nodes in this process, so that one clock measures
/// both ends; each has its own engine. The ways take turns.
/// </summary>
internal static class RoutingCommand
{
    private static readonly string[] s_ways = ["no cluster", "this node", "other node"];

    public static async Task<int> RunAsync(string[] arguments)
    {
        OptionReader options = new("routing", arguments);
        int rounds = options.Integer("--rounds", 7), tokens = options.Integer("--tokens", 64);
        string model = options.Text("--model", BundledModel.Folder);
        options.Finish();
        await using RoutingNode here = await RoutingNode.StartAsync(model, seed: null);
        await using RoutingNode there = await RoutingNode.StartAsync(model, here.Address);
        int[][] prompts = [[], await PromptOfAsync(here, here), await PromptOfAsync(here, there)];
        prompts[0] = prompts[1];
        Way[] ways = [.. s_ways.Select(_ => new Way())];
        for (int round = 0; round < rounds; round++)
        {
            await MeasureAsync(here.Local, here, prompts[0], tokens, ways[0]);
            await MeasureAsync(here.Engine, here, prompts[1], tokens, ways[1]);
            await MeasureAsync(here.Engine, there, prompts[2], tokens, ways[2]);
        }
        Console.WriteLine("way         ms to the reader: median  99%  max   ms between tokens: median   tokens");
        for (int i = 0; i < ways.Length; i++)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{s_ways[i],-10}  {At(ways[i].Delays, 0.5),24:0.000}  {At(ways[i].Delays, 0.99):0.00}  {ways[i].Delays.Max():0.0}"
                + $"  {At(ways[i].Gaps, 0.5),25:0.00}  {ways[i].Delays.Count,7}"));
        }
        return 0;
    }

    /// <summary>A prompt whose conversation is on a node.</summary>
    private static async Task<int[]> PromptOfAsync(RoutingNode reader, RoutingNode home)
    {
        for (int i = 0; ; i++)
        {
            int[] prompt = [1 + i, .. (await reader.Engine.WhenReady).Tokenizer.Encode("Once upon a time")];
            await MeasureAsync(reader.Engine, home, prompt, tokens: 1, new Way());
            if (home.Local.TakeStamps().Count > 0)
                return prompt;
            reader.Local.TakeStamps();
        }
    }

    private static async Task MeasureAsync(INeuralinkEngine engine, RoutingNode home, int[] prompt, int tokens, Way way)
    {
        GenerationRequest request = new()
        {
            Prompt = prompt,
            MaxTokens = tokens,
            Sampling = SamplingOptions.Greedy,
            IgnoreEndTokens = true,
        };
        List<long> read = [];
        await foreach (GenerationEvent happened in engine.GenerateAsync(request))
        {
            if (happened is TokenGenerated)
                read.Add(Stopwatch.GetTimestamp());
        }
        if (tokens == 1)
            return;
        IReadOnlyList<long> made = home.Local.TakeStamps();
        for (int i = 0; i < read.Count; i++)
        {
            way.Delays.Add(Stopwatch.GetElapsedTime(made[i], read[i]).TotalMilliseconds);
            if (i > 0)
                way.Gaps.Add(Stopwatch.GetElapsedTime(read[i - 1], read[i]).TotalMilliseconds);
        }
    }

    private static double At(List<double> values, double quantile) =>
        values.Order().ElementAt((int)Math.Min(values.Count - 1, values.Count * quantile));

    private sealed class Way
    {
        public List<double> Delays { get; } = [];

        public List<double> Gaps { get; } = [];
    }
}
