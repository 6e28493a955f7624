using Microsoft.Extensions.AI;
using Neuralink.Storage;

namespace Neuralink.Hosting.Tests.Chat;

/// <summary>What callers of any chat client rely on: the shape of answers and of streams.</summary>
public sealed class ChatClientRulesTests(ServedModel served) : IClassFixture<ServedModel>
{
    private static readonly ChatOptions s_greedy = new() { Temperature = 0, MaxOutputTokens = 12 };

    private IChatClient Client => served.Client;

    [Fact]
    public async Task An_answer_says_what_it_is_and_what_it_took()
    {
        DateTimeOffset before = DateTimeOffset.UtcNow;
        ChatResponse answer = await Client.GetResponseAsync("Once upon a time", s_greedy);
        answer.Messages.Should().ContainSingle().Which.Role.Should().Be(ChatRole.Assistant);
        answer.Text.Should().NotBeEmpty();
        answer.Messages[0].Contents.Should().ContainSingle().Which.Should().BeOfType<TextContent>();
        answer.ResponseId.Should().NotBeNullOrEmpty();
        answer.Messages[0].MessageId.Should().NotBeNullOrEmpty();
        answer.ModelId.Should().Be(served.Local.Name);
        answer.CreatedAt.Should().BeOnOrAfter(before).And.BeOnOrBefore(DateTimeOffset.UtcNow);
        answer.FinishReason.Should().Be(ChatFinishReason.Length);
        answer.ConversationId.Should().BeNull("the history is the caller's: a client that keeps it would say so here");
        UsageDetails usage = answer.Usage!;
        usage.InputTokenCount.Should().BeGreaterThan(1);
        usage.OutputTokenCount.Should().Be(12);
        usage.TotalTokenCount.Should().Be(usage.InputTokenCount + usage.OutputTokenCount);
        GenerationResult raw = answer.RawRepresentation.Should().BeOfType<GenerationResult>().Subject;
        usage.AdditionalCounts.Should().BeEquivalentTo(new Dictionary<string, long>
        {
            ["bytes_read"] = raw.Io.BytesRead,
            ["reads"] = raw.Io.Reads,
            ["cache_hits"] = raw.Io.CacheHits,
            ["demand_misses"] = raw.Io.DemandMisses,
            ["reused_tokens"] = raw.ReusedTokens,
        });
        raw.Io.CacheHits.Should().BePositive();
    }

    [Fact]
    public async Task A_streams_updates_make_the_same_answer_and_have_one_usage()
    {
        ChatResponse whole = await Client.GetResponseAsync("Once upon a time", s_greedy);
        List<ChatResponseUpdate> updates = await Client.GetStreamingResponseAsync("Once upon a time", s_greedy).ToListAsync();
        updates.Should().HaveCountGreaterThan(2);
        string.Concat(updates.Select(update => update.Text)).Should().Be(whole.Text);
        updates.Should().OnlyContain(update => update.Role == ChatRole.Assistant && update.ModelId == whole.ModelId);
        updates.Select(update => (update.ResponseId, update.MessageId, update.CreatedAt)).Distinct().Should().ContainSingle();
        updates[0].ResponseId.Should().NotBeNullOrEmpty().And.NotBe(whole.ResponseId);
        updates.SkipLast(1).Should().OnlyContain(update => update.FinishReason == null);
        updates[^1].FinishReason.Should().Be(ChatFinishReason.Length);
        UsageContent usage = updates.SelectMany(update => update.Contents).OfType<UsageContent>().Should().ContainSingle().Subject;
        usage.Details.TotalTokenCount.Should().Be(whole.Usage!.TotalTokenCount);
        ChatResponse joined = updates.ToChatResponse();
        joined.Text.Should().Be(whole.Text);
        joined.Messages.Should().ContainSingle().Which.Contents.Should().ContainSingle().Which.Should().BeOfType<TextContent>();
        joined.Usage!.OutputTokenCount.Should().Be(12);
        joined.FinishReason.Should().Be(whole.FinishReason);
        joined.ModelId.Should().Be(whole.ModelId);
    }

    [Fact]
    public async Task A_streamed_answer_can_be_put_into_the_history_and_gone_on_with()
    {
        List<ChatMessage> history = [new(ChatRole.User, "Once upon a time")];
        IAsyncEnumerable<ChatResponseUpdate> stream = Client.GetStreamingResponseAsync(history, s_greedy);
        history.Should().ContainSingle("nothing happens before somebody reads");
        await history.AddMessagesAsync(stream);
        history.Should().HaveCount(2);
        history[1].Role.Should().Be(ChatRole.Assistant);
        history[1].Contents.Should().ContainSingle().Which.Should().BeOfType<TextContent>().Which.Text.Should().Be(history[1].Text);
        history.Add(new ChatMessage(ChatRole.User, "And then?"));
        ChatResponse next = await Client.GetResponseAsync(history, s_greedy);
        next.Usage!.CachedInputTokenCount.Should().BeGreaterThan(8, "the first turn's keys and values are kept");
    }

    [Fact]
    public async Task Messages_without_content_are_taken()
    {
        ChatResponse answer = await Client.GetResponseAsync(
            [new(ChatRole.System, []), new(ChatRole.User, []), new(ChatRole.Assistant, []), new(ChatRole.User, "A dog")], s_greedy);
        answer.Text.Should().NotBeEmpty();
    }

    [Fact]
    public async Task Contents_of_a_message_are_one_text_and_instructions_are_its_system_message()
    {
        ChatResponse parts = await Client.GetResponseAsync(
            [new(ChatRole.User, [new TextContent("Once upon"), new TextContent(" a time")])],
            new ChatOptions { Temperature = 0, MaxOutputTokens = 6, Instructions = "A story." });
        ChatResponse whole = await Client.GetResponseAsync(
            [new(ChatRole.System, "A story."), new(ChatRole.User, "Once upon a time")],
            new ChatOptions { Temperature = 0, MaxOutputTokens = 6 });
        parts.Text.Should().Be(whole.Text);
        parts.Usage!.InputTokenCount.Should().Be(whole.Usage!.InputTokenCount);
    }

    [Fact]
    public async Task Many_threads_at_once_get_the_answers_that_each_gets_alone()
    {
        string[] prompts = ["Once upon a time", "The dog ran", "Recipe: ", "Question: What is", "Ashford, Monday.", "One day"];
        List<string> alone = [];
        foreach (string prompt in prompts)
            alone.Add((await Client.GetResponseAsync(prompt, s_greedy)).Text);
        ChatResponse[] together = await Task.WhenAll(
            prompts.Select(prompt => Task.Run(() => Client.GetResponseAsync(prompt, s_greedy))));
        together.Select(answer => answer.Text).Should().Equal(alone);
    }

    [Fact]
    public void It_says_who_answers()
    {
        ChatClientMetadata metadata = Client.GetService<ChatClientMetadata>()!;
        metadata.ProviderName.Should().Be("neuralink");
        metadata.DefaultModelId.Should().Be(served.Local.Name);
        Client.GetService<IChatClient>().Should().BeSameAs(Client);
        Client.GetService<INeuralinkEngine>().Should().BeSameAs(served.Engine);
        Client.GetService<NeuralinkEngine>().Should().BeSameAs(served.Local);
        Client.GetService<INeuralinkEngine>("some key").Should().BeNull();
        Client.GetService<string>().Should().BeNull();
        Client.Invoking(client => client.GetService(null!)).Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public async Task Missing_messages_are_a_mistake_of_the_caller()
    {
        await Client.Invoking(client => client.GetResponseAsync((IEnumerable<ChatMessage>)null!))
            .Should().ThrowAsync<ArgumentNullException>();
        await Client.Invoking(client => client.GetResponseAsync([])).Should().ThrowAsync<NeuralinkException>().WithMessage("*prompt*");
    }

    [Fact]
    public async Task Cancelling_ends_the_answer_and_the_next_one_is_not_touched()
    {
        using CancellationTokenSource stop = new();
        Func<Task> reading = async () =>
        {
            await foreach (ChatResponseUpdate _ in Client.GetStreamingResponseAsync(
                "Once upon a time", new ChatOptions { Temperature = 0, MaxOutputTokens = 200 }, stop.Token))
                await stop.CancelAsync();
        };
        await reading.Should().ThrowAsync<OperationCanceledException>();
        ChatResponse next = await Client.GetResponseAsync("Once upon a time", s_greedy);
        next.Usage!.OutputTokenCount.Should().Be(12);
        await Client.Invoking(client => client.GetResponseAsync("x", s_greedy, stop.Token))
            .Should().ThrowAsync<OperationCanceledException>();
    }
}
