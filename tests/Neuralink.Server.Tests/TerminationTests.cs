using System.Net.Http.Json;

namespace Neuralink.Server.Tests;

/// <summary>SIGTERM under load, as an orchestrator sends it.</summary>
public sealed class TerminationTests(ServerProcess server) : IClassFixture<ServerProcess>
{
    private readonly SemaphoreSlim _begun = new(0);      // heads of answers that have come: these requests run

    [Fact]
    public async Task A_server_that_is_told_to_end_finishes_what_runs_and_leaves_with_zero()
    {
        if (OperatingSystem.IsWindows())
            return;      // it has no such signal
        using HttpClient client = new() { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(5) };
        Task<string>[] answers = [.. Enumerable.Range(0, 4).Select(_ => StreamAsync(client))];
        foreach (Task<string> _ in answers)
            await _begun.WaitAsync();

        int code = await server.TerminateAsync();

        foreach (string answer in await Task.WhenAll(answers))
            answer.Should().EndWith("data: [DONE]\n\n").And.NotContain("\"error\"");
        code.Should().Be(0);
        server.Log.Should().Contain("Stopping");
    }

    private async Task<string> StreamAsync(HttpClient client)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions")
        {
            Content = JsonContent.Create(new { prompt = "Once upon a time", max_tokens = 100, ignore_eos = true, stream = true }),
        };
        using HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        _begun.Release();
        return await answer.Content.ReadAsStringAsync();
    }
}
