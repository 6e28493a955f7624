using System.Diagnostics;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Neuralink.Hosting;
using Neuralink.Models.Sampling;
using Neuralink.Server;

namespace Neuralink.Benchmarks.Serving;

/// <summary>
/// `overhead`: what the server costs one text: tokens a second of a stream over HTTP, beside the same text of the same engine in process.
/// Both take turns; figures are medians.
/// </summary>
internal static class OverheadCommand
{
    private const string Prompt = "Once upon a time";

    public static async Task<int> RunAsync(string[] arguments)
    {
        OptionReader options = new("overhead", arguments);
        int rounds = options.Integer("--rounds", 9), tokens = options.Integer("--tokens", 200);
        string cache = options.Text("--cache", "100%");
        options.Finish();
        await using WebApplication app = ServerHost.Build(
        [
            new("Neuralink:Model", BundledModel.Folder), new("Neuralink:Cache", cache), new("Neuralink:Server:Port", "0"),
            new("Logging:LogLevel:Default", "None"), new("Logging:LogLevel:Microsoft", "None"), new("Logging:LogLevel:Akka", "None"),
        ]);
        await app.StartAsync();
        NeuralinkEngine engine = await app.Services.GetRequiredService<INeuralinkEngine>().WhenReady;
        using HttpClient http = new() { BaseAddress = new Uri(app.Urls.First()) };
        List<double> inside = [], outside = [];
        for (int round = -1; round < rounds; round++)
        {
            double engineRate = tokens / await EngineSecondsAsync(engine, tokens);
            double serverRate = tokens / await ServerSecondsAsync(http, tokens);
            if (round < 0)
                continue;      // code is compiled
            inside.Add(engineRate);
            outside.Add(serverRate);
        }
        double[] ratios = [.. outside.Zip(inside, (server, own) => server / own).Order()];
        Console.WriteLine(
            $"{tokens} tokens, cache {cache}: engine {Median(inside):0.0} tokens/s, server {Median(outside):0.0}; server / engine "
            + $"{ratios[rounds / 2]:0.000} (median of {rounds} pairs; {ratios[0]:0.000} to {ratios[^1]:0.000})");
        return 0;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static async Task<double> EngineSecondsAsync(NeuralinkEngine engine, int tokens)
    {
        GenerationRequest request = new()
        {
            Prompt = engine.Tokenizer.Encode(Prompt),
            MaxTokens = tokens,
            Sampling = SamplingOptions.Greedy,
            IgnoreEndTokens = true,
        };
        long start = Stopwatch.GetTimestamp();
        await foreach (GenerationEvent _ in engine.GenerateAsync(request))
        {
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<double> ServerSecondsAsync(HttpClient http, int tokens)
    {
        object body = new { prompt = Prompt, max_tokens = tokens, temperature = 0, stream = true, ignore_eos = true };
        long start = Stopwatch.GetTimestamp();
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions") { Content = JsonContent.Create(body) };
        using HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        using StreamReader reader = new(await answer.Content.ReadAsStreamAsync());
        int chunks = 0;
        while (await reader.ReadLineAsync() is { } line)
            chunks += line.StartsWith("data: {", StringComparison.Ordinal) ? 1 : 0;
        if (chunks < tokens / 2)
            throw new InvalidOperationException($"The server's text ended after {chunks} of {tokens} tokens.");
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
