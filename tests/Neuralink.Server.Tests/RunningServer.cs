using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Neuralink.Hosting;
using Neuralink.Models.Sampling;
using Neuralink.Tests.Support;

namespace Neuralink.Server.Tests;

/// <summary>The server with the bundled model on a free port of this machine.</summary>
public class RunningServer : IAsyncLifetime
{
    private static readonly KeyValuePair<string, string?>[] s_silent =
        [new("Logging:LogLevel:Default", "None"), new("Logging:LogLevel:Microsoft", "None"), new("Logging:LogLevel:Akka", "None")];

    private readonly WebApplication _app;

    public RunningServer()
        : this(BundledModel.Image)
    {
    }

    /// <param name="model">The model's folder.</param>
    /// <param name="settings">More configuration.</param>
    internal RunningServer(string model, params (string Key, string Value)[] settings)
        : this(model, configure: null, settings)
    {
    }

    /// <param name="model">The model's folder.</param>
    /// <param name="configure">Changes its services, or null.</param>
    /// <param name="settings">More configuration.</param>
    internal RunningServer(string model, Action<IServiceCollection>? configure, params (string Key, string Value)[] settings) =>
        _app = ServerHost.Build(
            [
                new("Neuralink:Model", model), .. s_silent,
                .. settings.Prepend(("Server:Port", "0")).GroupBy(setting => setting.Item1)
                    .Select(same => new KeyValuePair<string, string?>($"Neuralink:{same.Key}", same.Last().Item2)),
            ],
            configure);

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    internal IServiceProvider Services => _app.Services;

    internal NeuralinkEngine Engine => Services.GetRequiredService<INeuralinkEngine>().WhenReady.Result;

    public async Task InitializeAsync()
    {
        await _app.StartAsync();
        Address = new Uri(_app.Urls.Single());
        Client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(5) };
        await _app.Services.GetRequiredService<INeuralinkEngine>().WhenReady;
    }

    public async Task DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>Stops it, as a signal does: running requests have their while to end.</summary>
    internal Task StopAsync() => _app.StopAsync();

    /// <summary>Sends a body, and reads the answer, which has the status that is expected.</summary>
    internal async Task<JsonElement> PostAsync(string path, object body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using HttpResponseMessage answer = await Client.PostAsJsonAsync(path, body);
        string text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.Should().Be(expected, "the answer is {0}", text);
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>Sends text as it is.</summary>
    internal async Task<(HttpStatusCode Status, JsonElement Body)> PostTextAsync(string path, string body)
    {
        using HttpResponseMessage answer = await Client.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
        return (answer.StatusCode, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement);
    }

    /// <summary>The lines of a stream that are not empty.</summary>
    internal async Task<List<string>> StreamAsync(string path, object body)
    {
        using HttpResponseMessage answer = await Client.PostAsJsonAsync(path, body);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        return [.. (await answer.Content.ReadAsStringAsync()).Split('\n').Where(line => line.Length > 0)];
    }

    /// <summary>What the engine itself generates, as `neuralink generate` does at temperature 0.</summary>
    internal async Task<GenerationResult> GenerateAsync(int[] prompt, int maxTokens)
    {
        GenerationRequest request = new() { Prompt = prompt, MaxTokens = maxTokens, Sampling = SamplingOptions.Greedy };
        await foreach (GenerationEvent happened in Engine.GenerateAsync(request))
        {
            if (happened is GenerationFinished finished)
                return finished.Result;
        }
        throw new InvalidOperationException("The generation ended without a result.");
    }
}

/// <summary>One server for all tests that ask it things and break nothing. They run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class ServerCollection : ICollectionFixture<RunningServer>
{
    public const string Name = "server";
}
