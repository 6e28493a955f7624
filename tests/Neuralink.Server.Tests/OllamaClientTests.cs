using Neuralink.Tests.Support;
using OllamaSharp;
using OllamaSharp.Models;
using OllamaSharp.Models.Chat;

namespace Neuralink.Server.Tests;

/// <summary>A client of Ollama's API.</summary>
[Collection(ServerCollection.Name)]
public sealed class OllamaClientTests(RunningServer server)
{
    private static readonly GreedyReference s_reference = BundledModel.Greedy[0];

    private static readonly RequestOptions s_greedy = new() { Temperature = 0, NumPredict = 24 };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Generate_gives_the_engines_own_tokens(bool stream)
    {
        GenerationResult expected = await server.GenerateAsync(server.Engine.Tokenizer.Encode(s_reference.Prompt), 24);
        GenerateRequest request = new()
        {
            Model = server.Engine.Name,
            Prompt = s_reference.Prompt,
            Raw = true,
            Stream = stream,
            Options = s_greedy,
        };

        List<GenerateResponseStream> parts = [];
        await foreach (GenerateResponseStream? part in Client().GenerateAsync(request))
            parts.Add(part!);

        string.Concat(parts.Select(part => part.Response)).Should().Be(expected.Text);
        parts.Count.Should().Be(stream ? parts.Count(part => !part.Done) + 1 : 1);
        GenerateDoneResponseStream done = parts[^1].Should().BeOfType<GenerateDoneResponseStream>().Subject;
        done.EvalCount.Should().Be(24);
        done.DoneReason.Should().Be("length");
        done.TotalDuration.Should().BeGreaterThanOrEqualTo(done.EvalDuration + done.PromptEvalDuration);
    }

    [Fact]
    public async Task Chat_streams_the_answer_of_the_plain_template()
    {
        GenerationResult expected = await server.GenerateAsync(server.Engine.Tokenizer.Encode(s_reference.Prompt), 24);
        ChatRequest request = new()
        {
            Model = server.Engine.Name,
            Messages = [new Message(ChatRole.User, s_reference.Prompt)],
            Options = s_greedy,
        };

        List<ChatResponseStream> parts = [];
        await foreach (ChatResponseStream? part in Client().ChatAsync(request))
            parts.Add(part!);

        string.Concat(parts.Select(part => part.Message.Content)).Should().Be(expected.Text);
        parts.Should().OnlyContain(part => part.Message.Role == ChatRole.Assistant);
        parts[^1].Done.Should().BeTrue();
    }

    [Fact]
    public async Task The_model_is_listed_shown_and_running()
    {
        OllamaApiClient client = Client();

        Model listed = (await client.ListLocalModelsAsync()).Single();
        listed.Name.Should().Be(server.Engine.Name);
        listed.Size.Should().BeGreaterThan(1_000_000);
        (await client.ListRunningModelsAsync()).Single().Name.Should().Be(server.Engine.Name);
        ShowModelResponse shown = await client.ShowModelAsync(new ShowModelRequest { Model = server.Engine.Name });
        shown.Capabilities.Should().Equal("completion");
        shown.Details.Family.Should().Be(server.Engine.Model.ModelType);
        (await client.IsRunningAsync()).Should().BeTrue();
        (await client.GetVersionAsync()).Should().NotBeNull();
    }

    [Fact]
    public async Task An_error_has_its_reason_in_words()
    {
        GenerateRequest request = new() { Model = server.Engine.Name, Prompt = "a", Options = new RequestOptions { TopP = 7 } };
        Func<Task> ask = async () => await Client().GenerateAsync(request).ToListAsync();

        (await ask.Should().ThrowAsync<OllamaSharp.Models.Exceptions.OllamaException>()).WithMessage("*options.top_p*0 to 1*");
    }

    private OllamaApiClient Client() => new(server.Address, server.Engine.Name);
}
