using System.Net;
using System.Text.Json;
using Neuralink.Server.Page.Live;
using Neuralink.Tests.Support;

namespace Neuralink.Server.Tests.Page;

/// <summary>What /live tells, as a program reads it.</summary>
[Collection(ServerCollection.Name)]
public sealed class LiveTests(RunningServer server)
{
    [Fact]
    public async Task It_tells_the_engine_first_and_then_each_pass_once_with_its_layers()
    {
        using HttpResponseMessage answer = await server.Client.GetAsync("/live", HttpCompletionOption.ResponseHeadersRead);
        answer.Content.Headers.ContentType!.MediaType.Should().Be("text/event-stream");
        using StreamReader reader = new(await answer.Content.ReadAsStreamAsync());
        JsonElement engine = (await NextAsync(reader)).GetProperty("engine");
        engine.GetProperty("layers").GetInt32().Should().Be(server.Engine.Model.LayerCount);
        engine.GetProperty("memory").EnumerateObject().Sum(part => part.Value.GetInt64()).Should().Be(server.Engine.Memory.TotalBytes);
        engine.GetProperty("device").GetString().Should().StartWith("neurons.safetensors, ");
        long finished = (await NextSampleAsync(reader)).GetProperty("texts").GetProperty("finished").GetInt64();

        await server.PostAsync("/v1/completions", new { prompt = "Once upon a time", max_tokens = 12, ignore_eos = true });

        List<JsonElement> samples = [];
        do
            samples.Add(await NextSampleAsync(reader));
        while (samples[^1].GetProperty("texts").GetProperty("finished").GetInt64() == finished);
        // The last token is not run, as nothing follows it.
        Sum(samples, "decode_rows").Should().Be(11);
        Sum(samples, "prompt_rows").Should().BePositive();
        Sum(samples, "cache_hits").Should().BeInRange(1, Sum(samples, "wanted"));
        JsonElement[] passes = [.. samples.SelectMany(sample => sample.GetProperty("passes").EnumerateArray())];
        passes.Select(pass => pass.GetProperty("number").GetInt64()).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        samples.Should().OnlyContain(sample => sample.GetProperty("passes").GetArrayLength() <= LiveFeed.PassesMax);
        passes.Should().OnlyContain(pass => pass.GetProperty("layers").GetArrayLength() == server.Engine.Model.LayerCount);
        JsonElement layer = passes[0].GetProperty("layers")[0];
        layer.EnumerateObject().Select(field => field.Name).Should().Equal("compute_ms", "wait_ms", "bytes_read", "reads", "hit_rate");
    }

    [Fact]
    public async Task It_has_so_many_readers_and_their_places_are_free_when_they_leave()
    {
        List<HttpResponseMessage> readers = [];
        while (readers.Count < LiveEndpoint.ReadersMax)
            readers.Add(await ReadAsync());
        using (HttpResponseMessage more = await server.Client.GetAsync("/live", HttpCompletionOption.ResponseHeadersRead))
        {
            more.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);
            more.Headers.RetryAfter.Should().NotBeNull();
        }
        readers.ForEach(reader => reader.Dispose());

        using HttpResponseMessage again = await ReadAsync();
    }

    [Fact]
    public async Task A_reader_does_not_hold_up_a_server_that_is_stopped()
    {
        RunningServer stopped = new(BundledModel.Image, ("Server:GraceSeconds", "3600"));
        await stopped.InitializeAsync();
        using HttpResponseMessage answer = await stopped.Client.GetAsync("/live", HttpCompletionOption.ResponseHeadersRead);

        await stopped.StopAsync();

        (await answer.Content.ReadAsStringAsync()).Should().StartWith("data: {\"engine\":").And.EndWith("\n\n");
        await stopped.DisposeAsync();
    }

    // The server sees a little later that a reader has left.
    private async Task<HttpResponseMessage> ReadAsync()
    {
        while (true)
        {
            HttpResponseMessage answer = await server.Client.GetAsync("/live", HttpCompletionOption.ResponseHeadersRead);
            if (answer.StatusCode == HttpStatusCode.OK)
                return answer;
            answer.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);
            answer.Dispose();
        }
    }

    private static long Sum(List<JsonElement> samples, string name) =>
        samples.Sum(sample => sample.GetProperty("since").GetProperty(name).GetInt64());

    private static async Task<JsonElement> NextSampleAsync(StreamReader reader) => (await NextAsync(reader)).GetProperty("sample");

    private static async Task<JsonElement> NextAsync(StreamReader reader)
    {
        const string begin = "data: ";
        while (true)
        {
            string line = await reader.ReadLineAsync() ?? throw new InvalidOperationException("The stream has ended.");
            if (line.StartsWith(begin, StringComparison.Ordinal))
                return JsonDocument.Parse(line[begin.Length..]).RootElement;
        }
    }
}
