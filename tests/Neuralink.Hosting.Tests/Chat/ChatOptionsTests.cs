using System.Text.Json;
using Microsoft.Extensions.AI;
using Neuralink.Storage;

namespace Neuralink.Hosting.Tests.Chat;

/// <summary>Each option does what it says, or is refused by its name.</summary>
public sealed class ChatOptionsTests(ServedModel served) : IClassFixture<ServedModel>
{
    private const string Prompt = "Once upon a time";

    [Fact]
    public async Task A_temperature_of_0_takes_what_the_engine_takes()
    {
        GenerationRequest request = new()
        {
            Prompt = served.Local.Tokenizer.Encode(Prompt),
            MaxTokens = 10,
            Sampling = Models.Sampling.SamplingOptions.Greedy,
        };
        string expected = "";
        await foreach (GenerationEvent happened in served.Engine.GenerateAsync(request))
            expected = (happened as GenerationFinished)?.Result.Text ?? expected;
        (await TextAsync(o => (o.Temperature, o.MaxOutputTokens) = (0, 10))).Should().Be(expected);
    }

    [Fact]
    public async Task A_seed_gives_the_same_text_again_and_another_one_another_text()
    {
        string first = await TextAsync(o => (o.Seed, o.Temperature) = (7, 1.5f));
        (await TextAsync(o => (o.Seed, o.Temperature) = (7, 1.5f))).Should().Be(first);
        (await TextAsync(o => (o.Seed, o.Temperature) = (8, 1.5f))).Should().NotBe(first);
        (await TextAsync(o => (o.Seed, o.Temperature) = (-7, 1.5f))).Should().NotBeEmpty("any number is a seed");
    }

    [Fact]
    public async Task Few_candidates_leave_nothing_to_chance()
    {
        string greedy = await TextAsync(o => o.Temperature = 0);
        (await TextAsync(o => (o.Temperature, o.TopK) = (2, 1))).Should().Be(greedy);
        (await TextAsync(o => (o.Temperature, o.TopP) = (2, 0.0001f))).Should().Be(greedy);
        (await TextAsync(o => (o.Temperature, o.AdditionalProperties) = (2, new() { ["min_p"] = 1.0 }))).Should().Be(greedy);
    }

    [Fact]
    public async Task Penalties_change_what_repeats()
    {
        string greedy = await TextAsync(o => (o.Temperature, o.MaxOutputTokens) = (0, 40));
        (await TextAsync(o => (o.Temperature, o.MaxOutputTokens, o.FrequencyPenalty) = (0, 40, 2))).Should().NotBe(greedy);
        (await TextAsync(o => (o.Temperature, o.MaxOutputTokens, o.PresencePenalty) = (0, 40, 2))).Should().NotBe(greedy);
        (await TextAsync(o => (o.Temperature, o.MaxOutputTokens, o.AdditionalProperties) = (0, 40, new() { ["repeat_penalty"] = "3" })))
            .Should().NotBe(greedy);
    }

    [Fact]
    public async Task A_stop_text_ends_the_answer_before_it()
    {
        string whole = await TextAsync(o => (o.Temperature, o.MaxOutputTokens) = (0, 30));
        string word = whole.Split(' ')[4];
        ChatResponse answer = await AnswerAsync(o => (o.Temperature, o.MaxOutputTokens, o.StopSequences) = (0, 30, [word]));
        answer.FinishReason.Should().Be(ChatFinishReason.Stop);
        answer.Text.Should().Be(whole[..whole.IndexOf(word, StringComparison.Ordinal)]);
    }

    [Fact]
    public async Task A_bias_bans_a_token_and_a_template_gets_its_variables()
    {
        string greedy = await TextAsync(o => o.Temperature = 0);
        int first = served.Local.Tokenizer.Encode(greedy)[0];
        JsonElement bias = JsonSerializer.SerializeToElement(new Dictionary<string, int> { [$"{first}"] = -100 });
        (await TextAsync(o => (o.Temperature, o.AdditionalProperties) = (0, new() { ["logit_bias"] = bias }))).Should().NotBe(greedy);
        ChatResponse shouted = await AnswerAsync(
            o => o.AdditionalProperties = new() { ["chat_template_kwargs"] = new Dictionary<string, string> { ["shout"] = "HEY HEY" } });
        shouted.Usage!.InputTokenCount.Should().BeGreaterThan((await AnswerAsync(_ => { })).Usage!.InputTokenCount!.Value);
    }

    [Fact]
    public async Task Without_a_number_of_tokens_the_answer_ends_with_the_context_at_the_latest()
    {
        ChatResponse answer = await AnswerAsync(
            o => (o.Temperature, o.MaxOutputTokens, o.AdditionalProperties) = (0, null, new() { ["ignore_eos"] = true }));
        answer.Usage!.TotalTokenCount.Should().Be(256);
    }

    public static TheoryData<string, Action<ChatOptions>, string> Refused => new()
    {
        { "json", o => o.ResponseFormat = ChatResponseFormat.Json, "*response format text*found json*" },
        { "tools", o => o.Tools = [AIFunctionFactory.Create(() => 1, "GetOne")], "*no tools*found GetOne*" },
        { "a tool", o => o.ToolMode = ChatToolMode.RequireAny, "*no tools*requires*" },
        { "reasoning", o => o.Reasoning = new() { Effort = ReasoningEffort.High }, "*reasoning*High*" },
        { "another model", o => o.ModelId = "gpt-5", "*expected the model *found gpt-5*" },
        { "an unknown knob", o => o.AdditionalProperties = new() { ["top_q"] = 1 }, "*min_p*found \"top_q\"*" },
        { "no number", o => o.AdditionalProperties = new() { ["min_p"] = "much" }, "*min_p*a number*much*" },
        { "no integer", o => o.AdditionalProperties = new() { ["repeat_last_n"] = 1.5 }, "*repeat_last_n*an integer*1.5*" },
        { "no flag", o => o.AdditionalProperties = new() { ["ignore_eos"] = 1 }, "*ignore_eos*true or false*found 1*" },
        { "no object", o => o.AdditionalProperties = new() { ["logit_bias"] = 1 }, "*logit_bias*an object*" },
        {
            "no token", o => o.AdditionalProperties = new() { ["logit_bias"] = new Dictionary<string, int> { ["x"] = 1 } },
            "*logit_bias*token ids*\"x\"*"
        },
        { "no time", o => o.AdditionalProperties = new() { ["deadline"] = "soon" }, "*deadline*seconds*soon*" },
        { "no time at all", o => o.AdditionalProperties = new() { ["deadline"] = "0s" }, "*deadline above 0*" },
        { "too hot", o => o.Temperature = -1, "*temperature*0 or more*-1*" },
        { "too long", o => o.MaxOutputTokens = 300, "*context of 256 tokens*300*" },
        { "less than nothing", o => o.MaxOutputTokens = -1, "*-1*" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_is_not_supported_is_refused_by_name(string what, Action<ChatOptions> change, string message)
    {
        Func<Task> answer = () => AnswerAsync(change);
        await answer.Should().ThrowAsync<NeuralinkException>(what).WithMessage(message);
    }

    [Fact]
    public async Task Options_that_ask_for_nothing_special_are_taken()
    {
        ChatResponse answer = await AnswerAsync(o =>
        {
            o.ResponseFormat = ChatResponseFormat.Text;
            o.Tools = [];
            o.ToolMode = ChatToolMode.Auto;
            o.ModelId = served.Local.Name;
            o.ConversationId = "one";
            o.AdditionalProperties = new()
            {
                ["stream_options"] = new Dictionary<string, bool> { ["include_usage"] = true },
                ["min_p"] = null,
                ["deadline"] = "5m",
            };
        });
        answer.Text.Should().NotBeEmpty();
    }

    [Fact]
    public async Task Pictures_are_refused()
    {
        Func<Task> answer = () => served.Client.GetResponseAsync([new(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")])]);
        await answer.Should().ThrowAsync<NeuralinkException>().WithMessage("*messages of text*DataContent*user*");
    }

    private async Task<string> TextAsync(Action<ChatOptions> change) => (await AnswerAsync(change)).Text;

    private Task<ChatResponse> AnswerAsync(Action<ChatOptions> change)
    {
        ChatOptions options = new() { MaxOutputTokens = 8 };
        change(options);
        return served.Client.GetResponseAsync(Prompt, options);
    }
}
