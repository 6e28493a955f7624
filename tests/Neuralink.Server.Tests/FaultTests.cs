using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Neuralink.Storage.Image;
using Neuralink.Tests.Support;

namespace Neuralink.Server.Tests;

/// <summary>Clients that leave, and a server that is stopped: what ran for them ends, and nothing is left of it.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private readonly PackedModel _model = new(BundledModel.Folder);
    private RunningServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = new RunningServer(_model.Folder, ("Cache", "0%"), ("Server:GraceSeconds", "60"));
        await _server.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _model.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_takes_its_generation_with_it(bool stream)
    {
        for (int client = 0; client < 3; client++)
        {
            using Socket socket = await SendAsync(new { prompt = "Once upon a time", max_tokens = 400, ignore_eos = true, stream });
            if (stream)
                (await socket.ReceiveAsync(new byte[1000])).Should().BePositive();
            socket.Close();
        }

        await EventuallyAsync(() => _server.Engine.LeaseCount == 0);
        JsonElement answer = await _server.PostAsync("/v1/completions", new { prompt = "Once", max_tokens = 2 });
        answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32().Should().Be(2);
    }

    [Fact]
    public async Task An_image_that_is_cut_short_fails_the_requests_that_need_it_and_not_the_server()
    {
        object body = new { prompt = "Once upon a time", max_tokens = 8, temperature = 0 };
        JsonElement before = await _server.PostAsync("/v1/completions", body);
        string neurons = Path.Combine(_model.Folder, ImageFiles.Neurons);
        byte[] all = await File.ReadAllBytesAsync(neurons);

        await using (FileStream file = new(neurons, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(4096);
        JsonElement failed = await _server.PostAsync("/v1/completions", body, HttpStatusCode.InternalServerError);
        JsonElement error = failed.GetProperty("error");
        error.GetProperty("code").GetString().Should().Be("engine_failed");
        error.GetProperty("message").GetString().Should().Contain("read").And.NotContain("   at ");
        // An error that comes after the head of a stream is an event of it.
        using HttpResponseMessage stream = await _server.Client.PostAsJsonAsync(
            "/v1/completions", new { prompt = "Once", max_tokens = 8, stream = true });
        (await stream.Content.ReadAsStringAsync()).Should().Contain("engine_failed");
        (await _server.Client.GetAsync("/health")).StatusCode.Should().Be(HttpStatusCode.OK);
        _server.Engine.LeaseCount.Should().Be(0);

        await using (FileStream file = new(neurons, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            await file.WriteAsync(all);
        JsonElement after = await _server.PostAsync("/v1/completions", body);
        TextOf(after).Should().Be(TextOf(before));
    }

    [Fact]
    public async Task Two_hundred_connections_are_answered_or_turned_away_in_words()
    {
        Task<HttpResponseMessage>[] answers = [.. Enumerable.Range(0, 200).Select(_ => _server.Client.PostAsJsonAsync(
            "/v1/completions", new { prompt = "Once", max_tokens = 1, temperature = 0 }))];
        await Task.WhenAll(answers);

        HttpResponseMessage[] all = [.. answers.Select(answer => answer.Result)];
        all.Select(answer => answer.StatusCode).Should().OnlyContain(
            status => status == HttpStatusCode.OK || status == HttpStatusCode.TooManyRequests);
        all.Should().Contain(answer => answer.StatusCode == HttpStatusCode.OK);
        all.Should().OnlyContain(answer => answer.StatusCode == HttpStatusCode.OK || answer.Headers.RetryAfter != null);
        _server.Engine.LeaseCount.Should().Be(0);
    }

    [Fact]
    public async Task A_server_that_is_stopped_lets_running_requests_end_and_takes_no_more()
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions")
        {
            Content = JsonContent.Create(new { prompt = "Once upon a time", max_tokens = 300, ignore_eos = true, stream = true }),
        };
        using HttpResponseMessage answer = await _server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using StreamReader reader = new(await answer.Content.ReadAsStreamAsync());
        (await reader.ReadLineAsync()).Should().StartWith("data: ");

        Task stopping = _server.StopAsync();
        string rest = await reader.ReadToEndAsync();
        await stopping;

        rest.Should().EndWith("data: [DONE]\n\n").And.Contain("\"finish_reason\":\"length\"");
        await _server.Client.Awaiting(client => client.GetAsync("/health")).Should().ThrowAsync<HttpRequestException>();
    }

    private static string TextOf(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("text").GetString()!;

    private static async Task EventuallyAsync(Func<bool> holds)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!holds())
        {
            watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(60));
            await Task.Delay(20);
        }
    }

    private async Task<Socket> SendAsync(object body)
    {
        byte[] content = JsonSerializer.SerializeToUtf8Bytes(body);
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _server.Address.Port);
        string head = $"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {content.Length}\r\n\r\n";
        await socket.SendAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. content]);
        return socket;
    }
}
