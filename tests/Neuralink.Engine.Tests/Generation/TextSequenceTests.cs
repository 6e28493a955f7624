using Neuralink.Models.Sampling;
using Neuralink.Models.Tokenizers;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Generation;

/// <summary>One text as it grows, without a model: the logits are made to choose given bytes.</summary>
public sealed class TextSequenceTests
{
    private const int Vocabulary = 259;

    private static readonly Tokenizer s_tokenizer = LoadTokenizer();

    [Fact]
    public void A_text_has_its_prompt_and_then_each_chosen_token()
    {
        TextSequence text = Start(prompt: [1, 2, 3], maxTokens: 3);
        text.Tokens.ToArray().Should().Equal(1, 2, 3);
        ReadOnlyMemory<int> before = text.Tokens;
        Choose(text, 'a');
        Choose(text, 'b');
        text.Finished.Should().BeNull();
        Choose(text, 'c');
        text.Tokens.ToArray().Should().Equal(1, 2, 3, 'a', 'b', 'c');
        text.Generated.ToArray().Should().Equal('a', 'b', 'c');
        before.ToArray().Should().Equal([1, 2, 3], "a pass may still read what it was given");
        text.Finished.Should().Be(FinishReason.Length);
    }

    [Fact]
    public void An_end_token_ends_the_text_and_is_no_part_of_it()
    {
        TextSequence text = Start([1], 9);
        Choose(text, 'h').Text.Should().Be("h");
        Choose(text, ByteTokenizer.EndToken).Text.Should().BeEmpty();
        text.Finished.Should().Be(FinishReason.Stop);
        text.Flush().Should().BeEmpty();
        text.Text.Should().Be("h");
    }

    [Fact]
    public void End_tokens_can_be_ignored()
    {
        TextSequence text = Start([1], 3, ignoreEndTokens: true);
        Choose(text, ByteTokenizer.EndToken);
        text.Finished.Should().BeNull();
    }

    [Fact]
    public void An_end_token_at_the_limit_counts_as_the_end()
    {
        TextSequence text = Start([1], 1);
        Choose(text, ByteTokenizer.EndToken);
        text.Finished.Should().Be(FinishReason.Stop);
    }

    [Fact]
    public void A_stop_text_across_tokens_ends_the_text_and_is_held_back()
    {
        TextSequence text = Start([1], 20, "the end");
        string said = string.Concat("It is the end, or is it".TakeWhile(_ => text.Finished is null).Select(c => Choose(text, c).Text));
        text.Finished.Should().Be(FinishReason.Stop);
        (said + text.Flush()).Should().Be("It is ").And.Be(text.Text);
        text.Generated.Length.Should().Be("It is the end".Length);
    }

    [Fact]
    public void Pieces_are_the_tokens_own_texts_while_a_stop_text_is_held_back()
    {
        TextSequence text = Start([1], 20, "end");

        TokenGenerated[] tokens = [.. "an end".Select(c => Choose(text, c))];

        tokens.Select(token => token.Piece).Should().Equal("a", "n", " ", "e", "n", "d");
        tokens.Select(token => token.Text).Should().Equal("a", "n", " ", "", "", "");
        tokens.Should().OnlyContain(token => token.LogProbs == null, "nobody asked for them");
    }

    [Fact]
    public void A_request_gets_the_probabilities_that_it_asks_for_whatever_is_banned()
    {
        GenerationRequest request = new()
        {
            Prompt = (int[])[1],
            LogProbs = 2,
            Sampling = SamplingOptions.Greedy with { LogitBias = new Dictionary<int, float> { ['a'] = -100 } },
        };
        TextSequence text = new(request, s_tokenizer, Vocabulary, []);
        float[] logits = [.. Enumerable.Repeat(float.NegativeInfinity, Vocabulary)];
        (logits['a'], logits['b']) = (2, 1);

        TokenLogProbs found = text.Choose(logits).LogProbs!;

        found.Chosen.Id.Should().Be('b');
        found.Top.Select(token => token.Id).Should().Equal('a', 'b');
        found.Chosen.LogProb.Should().BeApproximately(-Math.Log(1 + Math.E), 1e-6).And.Be(found.Top[1].LogProb);
    }

    [Fact]
    public void What_may_become_a_stop_text_comes_out_when_it_does_not()
    {
        TextSequence text = Start([1], 4, "abc");
        Choose(text, 'a').Text.Should().BeEmpty();
        Choose(text, 'b').Text.Should().BeEmpty();
        Choose(text, 'x').Text.Should().Be("abx");
        Choose(text, 'a').Text.Should().BeEmpty();
        text.Finished.Should().Be(FinishReason.Length);
        text.Flush().Should().Be("a");
        text.Text.Should().Be("abxa");
    }

    [Fact]
    public void A_character_comes_out_when_its_last_byte_has_come_and_what_is_left_of_one_at_the_end()
    {
        TextSequence text = Start([1], 3);
        Choose(text, 0xC3).Text.Should().BeEmpty();
        Choose(text, 0xA9).Text.Should().Be("é");
        Choose(text, 0xC3).Text.Should().BeEmpty();
        text.Flush().Should().Be("\uFFFD");
        text.Text.Should().Be("é\uFFFD");
    }

    private static TokenGenerated Choose(TextSequence text, int token)
    {
        float[] logits = new float[Vocabulary];
        logits[token] = 1;
        TokenGenerated generated = text.Choose(logits);
        generated.Id.Should().Be(token);
        return generated;
    }

    private static TextSequence Start(int[] prompt, int maxTokens, params string[] stop) =>
        Start(prompt, maxTokens, ignoreEndTokens: false, stop);

    private static TextSequence Start(int[] prompt, int maxTokens, bool ignoreEndTokens, params string[] stop) => new(
        new GenerationRequest
        {
            Prompt = prompt,
            MaxTokens = maxTokens,
            Sampling = SamplingOptions.Greedy,
            Stop = stop,
            IgnoreEndTokens = ignoreEndTokens,
        },
        s_tokenizer, Vocabulary, [ByteTokenizer.EndToken]);

    private static Tokenizer LoadTokenizer()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, ByteTokenizer.Json());
            return Tokenizer.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
