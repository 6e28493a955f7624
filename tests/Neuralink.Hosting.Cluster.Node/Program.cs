using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Neuralink;
using Neuralink.Hosting;
using Neuralink.Hosting.Cluster;
using Neuralink.Models.Sampling;

// A node of a cluster as a process, for tests: the host that an application has, told by lines what to generate. Its options come from the
// environment. A line in: ID CONVERSATION TOKENS PAUSE_MS PROMPT_TOKEN...   Lines out: "ready"; ID "token" TOKEN; ID "finished" REUSED;
// ID "failed" EXCEPTION MESSAGE. A reader pauses that long after each token.
HostApplicationBuilder builder = Host.CreateApplicationBuilder();
builder.Logging.ClearProviders();
builder.Services.AddNeuralink();
builder.Services.AddNeuralinkCluster();
using IHost host = builder.Build();
await host.StartAsync();
INeuralinkEngine engine = host.Services.GetRequiredService<INeuralinkEngine>();
IHostApplicationLifetime lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
while (!engine.IsReady && !lifetime.ApplicationStopping.IsCancellationRequested)
    await Task.Delay(20);
Say("ready");
ConcurrentBag<Task> requests = [];
Thread reader = new(() =>
{
    while (Console.ReadLine() is { } line)
        requests.Add(Task.Run(() => RunAsync(line.Split(' '))));
    lifetime.StopApplication();
})
{ IsBackground = true };
reader.Start();
await host.WaitForShutdownAsync();
await Task.WhenAll(requests);
return 0;

async Task RunAsync(string[] words)
{
    string id = words[0];
    int[] numbers = [.. words[2..].Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
    GenerationRequest request = new()
    {
        Conversation = words[1],
        MaxTokens = numbers[0],
        Prompt = numbers.AsMemory(2),
        Sampling = SamplingOptions.Greedy,
        IgnoreEndTokens = true,
        SharesPrefix = true,
    };
    try
    {
        await foreach (GenerationEvent happened in engine.GenerateAsync(request))
        {
            if (happened is TokenGenerated token)
            {
                Say($"{id} token {token.Id}");
                await Task.Delay(numbers[1]);
            }
            else if (happened is GenerationFinished finished)
            {
                Say($"{id} finished {finished.Result.ReusedTokens}");
            }
        }
    }
    catch (Exception error)
    {
        Say($"{id} failed {error.GetType().Name} {error.Message}");
    }
}

static void Say(string line)
{
    lock (Console.Out)
    {
        Console.WriteLine(line);
        Console.Out.Flush();
    }
}
