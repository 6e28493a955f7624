using System.Text.Json;
using Neuralink.Tests.Support;

namespace Neuralink.Server.Tests;

/// <summary>The shapes of completions that no client library shows.</summary>
[Collection(ServerCollection.Name)]
public sealed class CompletionTests(RunningServer server)
{
    private const string Path = "/v1/completions";

    private static readonly GreedyReference s_reference = BundledModel.Greedy[0];

    [Fact]
    public async Task Prompts_as_text_as_ids_and_as_lists_of_both_give_the_engines_tokens()
    {
        int[] ids = server.Engine.Tokenizer.Encode(s_reference.Prompt);
        string expected = (await server.GenerateAsync(ids, 12)).Text;
        object[] prompts = [s_reference.Prompt, ids, new object[] { s_reference.Prompt, ids }, new[] { ids, ids }];
        foreach (object prompt in prompts)
        {
            JsonElement answer = await server.PostAsync(Path, new { prompt, max_tokens = 12, temperature = 0 });
            answer.GetProperty("choices").EnumerateArray().Should().OnlyContain(choice => TextOf(choice) == expected);
        }
    }

    [Fact]
    public async Task Choices_of_one_prompt_differ_and_the_first_is_what_its_seed_gives_alone()
    {
        object Body(int n) => new { prompt = s_reference.Prompt, max_tokens = 24, temperature = 1.5, seed = 3, n };
        JsonElement several = await server.PostAsync(Path, Body(3)), alone = await server.PostAsync(Path, Body(1));

        string[] texts = [.. several.GetProperty("choices").EnumerateArray().Select(TextOf)];
        texts.Should().OnlyHaveUniqueItems().And.HaveCount(3);
        texts[0].Should().Be(TextOf(alone.GetProperty("choices")[0]));
        JsonElement usage = several.GetProperty("usage");
        usage.GetProperty("prompt_tokens").GetInt32().Should().Be(alone.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        usage.GetProperty("completion_tokens").GetInt32().Should().BeGreaterThan(24);
    }

    [Fact]
    public async Task A_bias_bans_the_token_that_the_engine_would_take()
    {
        int[] ids = server.Engine.Tokenizer.Encode(s_reference.Prompt);
        int first = (await server.GenerateAsync(ids, 1)).Tokens[0];
        Dictionary<string, int> bias = new() { [$"{first}"] = -100 };

        JsonElement answer = await server.PostAsync(
            Path, new { prompt = ids, max_tokens = 1, temperature = 0, logit_bias = bias, logprobs = 2 });

        JsonElement logProbs = answer.GetProperty("choices")[0].GetProperty("logprobs");
        string banned = server.Engine.Tokenizer.Decode([first]);
        logProbs.GetProperty("tokens")[0].GetString().Should().NotBe(banned);
        logProbs.GetProperty("top_logprobs")[0].TryGetProperty(banned, out _).Should().BeTrue("probabilities are the model's own");
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(2, false)]
    [InlineData(1, true)]
    public async Task A_stream_has_the_text_the_probabilities_and_the_echo_of_the_whole(int? logProbs, bool echo)
    {
        object Body(bool stream) =>
            new { prompt = s_reference.Prompt, max_tokens = 16, temperature = 0, echo, logprobs = logProbs, stream };
        JsonElement whole = await server.PostAsync(Path, Body(stream: false));

        List<string> lines = await server.StreamAsync(Path, Body(stream: true));

        lines[^1].Should().Be("data: [DONE]");
        JsonElement[] choices = [.. lines.SkipLast(1)
            .Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement.GetProperty("choices")[0])];
        string.Concat(choices.Select(TextOf)).Should().Be(TextOf(whole.GetProperty("choices")[0]));
        if (logProbs is null)
            return;
        JsonElement expected = whole.GetProperty("choices")[0].GetProperty("logprobs");
        foreach (string list in (string[])["tokens", "token_logprobs", "text_offset"])
        {
            choices.Select(choice => choice.GetProperty("logprobs")).Where(block => block.ValueKind == JsonValueKind.Object)
                .SelectMany(block => block.GetProperty(list).EnumerateArray()).Select(item => item.GetRawText())
                .Should().Equal(expected.GetProperty(list).EnumerateArray().Select(item => item.GetRawText()));
        }
    }

    [Fact]
    public async Task An_echo_says_how_likely_the_prompt_itself_is()
    {
        int[] ids = server.Engine.Tokenizer.Encode(s_reference.Prompt);
        ScoreResult score = await server.Engine.ScoreAsync(ids);

        JsonElement answer = await server.PostAsync(
            Path, new { prompt = s_reference.Prompt, echo = true, logprobs = 2, max_tokens = 0 });

        JsonElement choice = answer.GetProperty("choices")[0], logProbs = choice.GetProperty("logprobs");
        TextOf(choice).Should().Be(s_reference.Prompt);
        string.Concat(logProbs.GetProperty("tokens").EnumerateArray().Select(token => token.GetString())).Should().Be(TextOf(choice));
        JsonElement[] likely = [.. logProbs.GetProperty("token_logprobs").EnumerateArray()];
        likely[0].ValueKind.Should().Be(JsonValueKind.Null, "it follows nothing");
        likely.Skip(1).Sum(value => value.GetDouble()).Should().BeApproximately(-score.NegativeLogLikelihood, 1e-3);
        logProbs.GetProperty("top_logprobs")[0].ValueKind.Should().Be(JsonValueKind.Null);
        logProbs.GetProperty("top_logprobs")[1].EnumerateObject().Should().HaveCount(2);
    }

    [Fact]
    public async Task Probabilities_end_where_a_stop_text_cuts_the_text_off()
    {
        JsonElement whole = await server.PostAsync(Path, new { prompt = s_reference.Prompt, max_tokens = 24, temperature = 0 });
        string text = TextOf(whole.GetProperty("choices")[0]), stop = text[9..15];

        JsonElement answer = await server.PostAsync(
            Path, new { prompt = s_reference.Prompt, max_tokens = 24, temperature = 0, stop, logprobs = 0 });

        JsonElement choice = answer.GetProperty("choices")[0];
        TextOf(choice).Should().Be(text[..text.IndexOf(stop, StringComparison.Ordinal)]);
        string.Concat(choice.GetProperty("logprobs").GetProperty("tokens").EnumerateArray().Select(token => token.GetString()))
            .Should().Be(TextOf(choice));
    }

    [Fact]
    public async Task Timings_and_what_was_read_come_with_the_answer_and_with_a_streams_last_choice()
    {
        JsonElement answer = await server.PostAsync(Path, new { prompt = s_reference.Prompt, max_tokens = 3 });
        answer.GetProperty("timings").GetProperty("predicted_n").GetInt32().Should().Be(3);
        answer.GetProperty("io").GetProperty("bytes_read").GetInt64().Should().BeGreaterThanOrEqualTo(0);

        List<string> lines = await server.StreamAsync(Path, new { prompt = s_reference.Prompt, max_tokens = 3, stream = true });
        lines.Count(line => line.Contains("\"timings\"", StringComparison.Ordinal)).Should().Be(1);
    }

    [Fact]
    public async Task No_limit_and_minus_one_go_on_to_the_end_of_the_context()
    {
        int[] prompt = [.. Enumerable.Repeat(server.Engine.Tokenizer.Encode("a")[0], server.Engine.ContextTokens - 9)];

        JsonElement answer = await server.PostAsync(Path, new { prompt, max_tokens = -1, ignore_eos = true });

        answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32().Should().Be(9);
        answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString().Should().Be("length");
    }

    private static string TextOf(JsonElement choice) => choice.GetProperty("text").GetString()!;
}
