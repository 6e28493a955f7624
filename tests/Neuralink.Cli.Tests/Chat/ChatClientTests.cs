using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Neuralink.Hosting;

namespace Neuralink.Cli.Tests.Chat;

/// <summary>The command and the chat client of a host are two ways to the same text.</summary>
[Collection(PackedModelFixture.Name)]
public sealed class ChatClientTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_chat_client_answers_with_the_tokens_of_generate_as_chat()
    {
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddNeuralink(options => options.Model = model.Image);
        using IHost host = builder.Build();
        await host.StartAsync();
        ChatResponse answer = await host.Services.GetRequiredService<IChatClient>().GetResponseAsync(
            "Once upon a time", new ChatOptions { Temperature = 0, MaxOutputTokens = 24 });
        await host.StopAsync();
        CliResult run = await _home.RunAsync(
            "generate", "-m", model.Image, "--chat", "-p", "Once upon a time", "-n", "24", "--temperature", "0", "--json");
        run.Code.Should().Be(0, "of {0}", run.Error);
        using JsonDocument json = JsonDocument.Parse(run.Out);
        json.RootElement.GetProperty("text").GetString().Should().Be(answer.Text);
        json.RootElement.GetProperty("prompt_tokens").GetInt64().Should().Be(answer.Usage!.InputTokenCount);
        json.RootElement.GetProperty("tokens").Deserialize<int[]>().Should().Equal(
            answer.RawRepresentation.Should().BeOfType<GenerationResult>().Subject.Tokens);
    }
}
