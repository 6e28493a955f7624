using System.ClientModel;
using Microsoft.Extensions.AI;
using Neuralink.Tests.Support;
using OpenAI;
using OpenAI.Chat;
using ChatMessage = OpenAI.Chat.ChatMessage;

namespace Neuralink.Server.Tests;

/// <summary>OpenAI's own client for .NET, and the adapter of Microsoft.Extensions.AI over it.</summary>
[Collection(ServerCollection.Name)]
public sealed class OpenAiClientTests(RunningServer server)
{
    private static readonly GreedyReference s_reference = BundledModel.Greedy[0];

    [Fact]
    public async Task Chat_answers_with_the_engines_own_tokens()
    {
        ChatCompletion answer = await Chat().CompleteChatAsync([Message()], Greedy());

        int[] prompt = server.Engine.Tokenizer.Encode(s_reference.Prompt);
        GenerationResult expected = await server.GenerateAsync(prompt, 24);
        answer.Content.Single().Text.Should().Be(expected.Text);
        answer.Role.Should().Be(ChatMessageRole.Assistant);
        answer.FinishReason.Should().Be(OpenAI.Chat.ChatFinishReason.Length);
        answer.Usage.InputTokenCount.Should().Be(prompt.Length);
        answer.Usage.OutputTokenCount.Should().Be(24);
        answer.Usage.TotalTokenCount.Should().Be(prompt.Length + 24);
    }

    [Fact]
    public async Task A_stream_is_the_whole_answer_with_one_role_one_reason_and_one_usage()
    {
        ChatCompletionOptions options = Greedy();
        ChatCompletion whole = await Chat().CompleteChatAsync([Message()], options);

        List<StreamingChatCompletionUpdate> updates = [];
        await foreach (StreamingChatCompletionUpdate update in Chat().CompleteChatStreamingAsync([Message()], options))
            updates.Add(update);

        string.Concat(updates.SelectMany(u => u.ContentUpdate).Select(part => part.Text)).Should().Be(whole.Content.Single().Text);
        updates.Select(u => u.CompletionId).Distinct().Should().ContainSingle();
        updates.Select((u, i) => (u.Role, i)).Where(u => u.Role is not null).Should().Equal((ChatMessageRole.Assistant, 0));
        updates.Where(u => u.FinishReason is not null).Should().ContainSingle()
            .Which.FinishReason.Should().Be(OpenAI.Chat.ChatFinishReason.Length);
        updates.Where(u => u.Usage is not null).Should().ContainSingle().Which.Should().BeSameAs(updates[^1]);
        updates[^1].Usage.TotalTokenCount.Should().Be(whole.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task A_stop_text_ends_the_answer_and_is_no_part_of_it()
    {
        ChatCompletion whole = await Chat().CompleteChatAsync([Message()], Greedy());
        string text = whole.Content.Single().Text, stop = text[(text.Length / 2)..(text.Length / 2 + 5)];
        ChatCompletionOptions options = Greedy();
        options.StopSequences.Add("never");
        options.StopSequences.Add(stop);

        ChatCompletion answer = await Chat().CompleteChatAsync([Message()], options);

        answer.Content.Single().Text.Should().Be(text[..text.IndexOf(stop, StringComparison.Ordinal)]);
        answer.FinishReason.Should().Be(OpenAI.Chat.ChatFinishReason.Stop);
    }

    [Fact]
    public async Task A_seed_repeats_an_answer_and_another_does_not()
    {
        (await HotAsync(1)).Should().Be(await HotAsync(1)).And.NotBe(await HotAsync(2));

        async Task<string> HotAsync(long seed)
        {
#pragma warning disable OPENAI001      // the client calls its seed experimental
            ChatCompletionOptions options = new() { Temperature = 2, Seed = seed, MaxOutputTokenCount = 32 };
#pragma warning restore OPENAI001
            return ((ChatCompletion)await Chat().CompleteChatAsync([Message()], options)).Content.Single().Text;
        }
    }

    [Fact]
    public async Task Probabilities_are_those_of_the_tokens_of_the_text()
    {
        ChatCompletionOptions options = new()
        {
            Temperature = 0,
            MaxOutputTokenCount = 12,
            IncludeLogProbabilities = true,
            TopLogProbabilityCount = 3,
        };
        ChatCompletion answer = await Chat().CompleteChatAsync([Message()], options);

        string.Concat(answer.ContentTokenLogProbabilities.Select(token => token.Token)).Should().Be(answer.Content.Single().Text);
        foreach (ChatTokenLogProbabilityDetails token in answer.ContentTokenLogProbabilities)
        {
            token.TopLogProbabilities.Should().HaveCount(3).And.BeInDescendingOrder(other => other.LogProbability);
            token.TopLogProbabilities[0].Token.Should().Be(token.Token, "the most probable token is chosen at temperature 0");
            token.LogProbability.Should().Be(token.TopLogProbabilities[0].LogProbability).And.BeLessThanOrEqualTo(0);
        }
    }

    [Fact]
    public async Task An_error_names_its_parameter()
    {
        Func<Task> ask = () => Chat().CompleteChatAsync([Message()], new ChatCompletionOptions { TopP = 3 });

        ClientResultException error = (await ask.Should().ThrowAsync<ClientResultException>()).Which;
        error.Status.Should().Be(400);
        error.Message.Should().Contain("top_p").And.Contain("0 to 1");
    }

    [Fact]
    public async Task A_list_of_models_has_the_one_that_is_served()
    {
        OpenAI.Models.OpenAIModelCollection models = await OpenAi().GetOpenAIModelClient().GetModelsAsync();

        models.Select(model => model.Id).Should().Equal(server.Engine.Name);
    }

    [Fact]
    public async Task The_adapter_of_Microsoft_Extensions_AI_gets_the_same_text_whole_and_streamed()
    {
        using IChatClient client = Chat().AsIChatClient();
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 24 };
        GenerationResult expected = await server.GenerateAsync(server.Engine.Tokenizer.Encode(s_reference.Prompt), 24);

        ChatResponse whole = await client.GetResponseAsync(s_reference.Prompt, options);
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(s_reference.Prompt, options))
            updates.Add(update);
        ChatResponse streamed = updates.ToChatResponse();

        whole.Text.Should().Be(expected.Text).And.Be(streamed.Text);
        whole.FinishReason.Should().Be(Microsoft.Extensions.AI.ChatFinishReason.Length).And.Be(streamed.FinishReason);
        streamed.Messages.Should().ContainSingle();
        updates.SelectMany(update => update.Contents).OfType<UsageContent>().Should().ContainSingle()
            .Which.Details.OutputTokenCount.Should().Be(24).And.Be(whole.Usage!.OutputTokenCount);
        updates.Where(update => update.FinishReason is not null).Should().NotBeEmpty();
    }

    private static ChatCompletionOptions Greedy() => new() { Temperature = 0, MaxOutputTokenCount = 24 };

    private static UserChatMessage Message() => ChatMessage.CreateUserMessage(s_reference.Prompt);

    private ChatClient Chat() => OpenAi().GetChatClient(server.Engine.Name);

    private OpenAIClient OpenAi() => new(
        new ApiKeyCredential("none is needed"), new OpenAIClientOptions { Endpoint = new Uri(server.Address, "/v1") });
}
