using System.Text;
using Neuralink.Models.Sampling;
using Neuralink.Models.Tests.Tokenizers;
using Neuralink.Models.Tokenizers;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.Sampling;

public class StopMatcherTests
{
    [Fact]
    public void Text_that_may_begin_a_stop_string_is_held_back_until_it_is_decided()
    {
        StopMatcher matcher = new(["</s>", "stop"]);

        matcher.Append("one <").Should().Be("one ");
        matcher.Append("/").Should().BeEmpty();
        matcher.Append("b> st").Should().Be("</b> ");
        matcher.Append("op after").Should().BeEmpty();
        matcher.Found.Should().Be("stop");
        matcher.Append("more").Should().BeEmpty();
        matcher.Flush().Should().BeEmpty();
    }

    [Fact]
    public void What_is_held_at_the_end_comes_out()
    {
        StopMatcher matcher = new(["abc"]);

        matcher.Append("xab").Should().Be("x");
        matcher.Flush().Should().Be("ab");
        matcher.Append("c").Should().Be("c", "the stream ended between");
        matcher.Found.Should().BeNull();
    }

    [Theory]
    [InlineData("aab", "xaaaab", "xaa", "aab")] // an overlapping prefix of itself
    [InlineData("abab|abac", "ababac", "", "abab")]
    [InlineData("abac|bab", "aabab", "aa", "bab")]
    [InlineData("abcd|bc", "abcd", "a", "bc")] // the one that ends first
    [InlineData("bc|abc", "abc", "", "abc")] // the longest of those that end together
    public void The_stop_string_that_ends_first_wins(string stops, string text, string emitted, string found)
    {
        StopMatcher whole = new(stops.Split('|'));
        whole.Append(text).Should().Be(emitted);
        whole.Found.Should().Be(found);

        StopMatcher pieces = new(stops.Split('|'));
        string.Concat(text.Select(value => pieces.Append(value.ToString()))).Should().Be(emitted);
        pieces.Found.Should().Be(found);
    }

    [Fact]
    public void Any_text_in_any_pieces_gives_what_the_definition_says_and_holds_no_more_than_it_must()
    {
        Random random = new(1);
        for (int round = 0; round < 3000; round++)
        {
            string[] stops = [.. Enumerable.Range(0, random.Next(4)).Select(_ => Letters(random, 1 + random.Next(5)))];
            string text = Letters(random, random.Next(25));
            StopMatcher matcher = new(stops);
            StringBuilder emitted = new();
            int done = 0;
            while (done < text.Length)
            {
                int length = Math.Min(random.Next(5), text.Length - done);
                emitted.Append(matcher.Append(text.Substring(done, length)));
                done += length;
                (string decided, string? found) = ByDefinition(text[..done], stops);
                emitted.ToString().Should().Be(decided);
                matcher.Found.Should().Be(found);
            }

            emitted.Append(matcher.Flush());
            if (matcher.Found is null)
                emitted.ToString().Should().Be(text);
        }
    }

    [Fact]
    public void Stop_strings_of_many_bytes_are_found_in_text_streamed_byte_by_byte()
    {
        Tokenizer tokenizer = TokenizerJson.Load(TokenizerJson.ByteLevel());
        StreamingDecoder decoder = new(tokenizer);
        StopMatcher matcher = new(["\U0001F600\u00e9"]);
        StringBuilder emitted = new();
        foreach (int id in tokenizer.Encode("a\U0001F601\U0001F600\u00e8 \U0001F600\u00e9 after"))
        {
            string text = matcher.Append(decoder.Append(id));
            (text.Length > 0 && char.IsHighSurrogate(text[^1])).Should().BeFalse("a character is never cut");
            emitted.Append(text);
        }

        emitted.ToString().Should().Be("a\U0001F601\U0001F600\u00e8 ");
        matcher.Found.Should().Be("\U0001F600\u00e9");
    }

    [Fact]
    public void Without_stop_strings_nothing_is_held()
    {
        new StopMatcher([]).Append("text").Should().Be("text");
    }

    [Fact]
    public void An_empty_stop_string_is_refused()
    {
        FluentActions.Invoking(() => new StopMatcher(["a", ""])).Should().Throw<NeuralinkException>().WithMessage("*stop string*empty*");
    }

    private static string Letters(Random random, int count) =>
        string.Concat(Enumerable.Range(0, count).Select(_ => "ab"[random.Next(2)]));

    private static (string Decided, string? Found) ByDefinition(string text, string[] stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            string? found = stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)).MaxBy(stop => stop.Length);
            if (found is not null)
                return (text[..(end - found.Length)], found);
        }

        int held = stops
            .SelectMany(stop => Enumerable.Range(1, stop.Length).Select(length => stop[..length]))
            .Where(prefix => text.EndsWith(prefix, StringComparison.Ordinal)).Select(prefix => prefix.Length).DefaultIfEmpty(0).Max();
        return (text[..^held], null);
    }
}
