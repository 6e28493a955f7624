using System.Text.Json.Nodes;
using Neuralink.Models.Tokenizers.Patterns;
using Neuralink.Models.Tokenizers.PreTokenizers;
using Neuralink.Models.Tokenizers.Unicode;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.Tokenizers.Patterns;

public class PatternTests
{
    /// <summary>Cut by Hugging Face's tokenizers 0.22.2 (Oniguruma 6.9.10): a pattern, then the pieces it makes of texts.</summary>
    [Fact]
    public void Every_text_is_cut_as_Oniguruma_cuts_it()
    {
        string file = Path.Combine(
            RepositoryFiles.Root, "tests", "Neuralink.Models.Tests", "Tokenizers", "Patterns", "oniguruma.jsonl");
        SplitStep? step = null;
        string pattern = "";
        int texts = 0;
        foreach (JsonNode line in File.ReadLines(file).Select(line => JsonNode.Parse(line)!))
        {
            if (line is JsonObject)
            {
                pattern = (string)line["pattern"]!;
                step = new SplitStep(Pattern.Parse(pattern));
                continue;
            }

            string[] expected = [.. line.AsArray().Select(piece => (string)piece!)];
            string text = string.Concat(expected);
            Pieces(step!, text).Should().Equal(expected, "{0} cuts \"{1}\" so", pattern, text);
            texts++;
        }

        texts.Should().BeGreaterThan(600);
    }

    /// <summary>How many of all code points that are characters each set has, as Oniguruma counts them.</summary>
    [Theory]
    [InlineData(@"\w", 144671)]
    [InlineData(@"[\w]", 144665)]
    [InlineData(@"\p{Word}", 144671)]
    [InlineData(@"\W", 967393)]
    [InlineData(@"\s", 25)]
    [InlineData(@"\d", 760)]
    [InlineData(@"\h", 22)]
    [InlineData("[[:alpha:]]", 142759)]
    [InlineData("[[:alnum:]]", 143519)]
    [InlineData("[[:punct:]]", 9369)]
    [InlineData("[[:graph:]]", 292447)]
    [InlineData("[[:print:]]", 292464)]
    [InlineData("[[:lower:]]", 2569)]
    [InlineData("[[:upper:]]", 1978)]
    [InlineData("[[:cntrl:]]", 65)]
    [InlineData("[[:blank:]]", 18)]
    [InlineData("[[:^blank:]]", 1112064 - 18)]
    [InlineData(@"\p{Punct}", 855)]
    [InlineData(@"\p{S}", 8514)]
    [InlineData(@"\p{L}", 141028)]
    [InlineData(@"\p{uppercase letter}", 1858)]
    [InlineData(@"\p{N}", 1911)]
    [InlineData(@"\p{^M}", 1112064 - 2501)]
    [InlineData(@"\P{LC}", 1112064 - 4147)]
    [InlineData(@"\p{Cn}", 819533)]
    [InlineData(@"\p{Han}", 99030)]
    [InlineData(@"\p{Latin}", 1487)]
    [InlineData(@"\p{Unknown}", 957001)]
    [InlineData("(?i:[^k])", 1112061)]
    [InlineData("(?i:[A-Z])", 54)]
    [InlineData(@"(?i:[\u00e0-\u00fe\u0400-\u04ff])", 326)]
    public void Sets_have_the_members_of_Unicode_16(string pattern, int count)
    {
        PatternNode node = PatternParser.Parse(pattern);
        while (node is SequenceNode sequence)
            node = sequence.Items[0];

        CodePointSet characters = CodePointSet.Parse("D800-DFFF").Complement();
        ((SetNode)node).Set.Intersect(characters).Ranges.Sum(range => range.Last - range.First + 1).Should().Be(count);
    }

    [Theory]
    [InlineData(@"(a)\1", @"*\1*")]
    [InlineData(@"(?<n>a)\k<n>", @"*\k*")]
    [InlineData(@"(?<n>a)\g<n>", @"*\g*")]
    [InlineData(@"a\Kb", @"*\K*")]
    [InlineData(@"\Ga", @"*\G*")]
    [InlineData(@"\X", @"*\X*")]
    [InlineData("(?~a)", "*(?~*")]
    [InlineData("(?(a)b|c)", "*(?(*")]
    [InlineData("(?{x})", "*(?{*")]
    [InlineData("(*FAIL)", "*callout*")]
    [InlineData("(?W)a", "*(?W)*")]
    [InlineData("(?s).", "*(?s)*")]
    [InlineData(@"\cA", @"*\c*")]
    [InlineData(@"\xE4\xB8\x80", "*0xE4*")]
    [InlineData(@"\j", @"*\j*")]
    [InlineData(@"\pL", @"*\p without braces*")]
    [InlineData(@"\p{Emoji}", @"*\p{Emoji}*")]
    [InlineData("[[:nope:]]", "*[:nope:]*")]
    [InlineData(@"\x{110000}", "*no character*")]
    [InlineData(@"\uD800", "*no character*")]
    [InlineData("(?i:ss)", "*U+00DF*")]
    [InlineData("(?i:the first)", "*U+FB*")]
    [InlineData("(?i:\u00df)", "*U+00DF*")]
    [InlineData("(?i:[\u00df])", "*U+00DF*")]
    [InlineData("[b-a]", "*U+0062 down to U+0061*")]
    [InlineData(@"[\w-a]", "*begins with a set*")]
    [InlineData(@"[a-\w]", "*ends in a set*")]
    [InlineData("^+", "*takes no text*")]
    [InlineData("(?=a)+", "*takes no text*")]
    [InlineData("(a", "*'('*")]
    [InlineData("a)", "*')'*")]
    [InlineData("[a", "*unfinished*")]
    [InlineData(@"a\", "*unfinished*")]
    [InlineData("a{100001}", "*100000*")]
    [InlineData("((a{1000}){1000}){1000}", "*steps*")]
    public void What_cannot_be_matched_exactly_is_refused_by_name(string pattern, string message)
    {
        FluentActions.Invoking(() => Pattern.Parse(pattern)).Should().Throw<PatternException>().WithMessage(message);
    }

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        foreach (string pattern in (string[])[new('(', 100_000), new('[', 100_000)])
            FluentActions.Invoking(() => Pattern.Parse(pattern)).Should().Throw<PatternException>().WithMessage("*inside each other*");
    }

    [Fact]
    public void A_pattern_that_tries_without_end_is_stopped()
    {
        SplitStep step = new(Pattern.Parse("(a|a)*(a|a)*(a|a)*b", retriesMax: 100_000));

        FluentActions.Invoking(() => step.Cut(new string('a', 200), [])).Should().Throw<NeuralinkException>().WithMessage("*attempts*");
    }

    [Fact]
    public void Halves_of_surrogate_pairs_are_characters_of_their_own()
    {
        Pieces(new SplitStep(Pattern.Parse(".")), "a\uD83D\uDE00\uDE00\uD83D").Should().Equal("a", "\uD83D\uDE00", "\uDE00", "\uD83D");
    }

    private static string[] Pieces(SplitStep step, string text)
    {
        List<Range> pieces = [];
        step.Cut(text, pieces);
        return [.. pieces.Select(piece => text[piece])];
    }
}
