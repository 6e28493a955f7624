using Neuralink.Models.Tokenizers.Patterns;
using Neuralink.Models.Tokenizers.PreTokenizers;

namespace Neuralink.Models.Tests.Tokenizers.PreTokenizers;

public class SplitStepTests
{
    /// <summary>The pieces that Hugging Face's tokenizers 0.22.2 make.</summary>
    [Theory]
    [InlineData("Isolated", false, "String", "-", "-a--b-c-", "-|a|-|-|b|-|c|-")]
    [InlineData("Isolated", false, "Regex", "-|$", "a-b-", "a|-|b|-")]
    [InlineData("Isolated", false, "Regex", "x*", "axxb", "a|xx|b")]
    [InlineData("Isolated", false, "String", "", "ab", "a|b")]
    [InlineData("Isolated", true, "String", "-", "-a--b-c-", "-|a|-|-|b|-|c|-")]
    [InlineData("Isolated", true, "Regex", "-|$", "a-b-", "a|-|b|-")]
    [InlineData("Isolated", true, "Regex", "x*", "axxb", "a|xx|b")]
    [InlineData("Isolated", true, "String", "", "ab", "a|b")]
    [InlineData("Removed", false, "String", "-", "-a--b-c-", "a|b|c")]
    [InlineData("Removed", false, "Regex", "-|$", "a-b-", "a|b")]
    [InlineData("Removed", false, "Regex", "x*", "axxb", "a|b")]
    [InlineData("Removed", false, "String", "", "ab", "a|b")]
    [InlineData("Removed", true, "String", "-", "-a--b-c-", "-|-|-|-|-")]
    [InlineData("Removed", true, "Regex", "-|$", "a-b-", "-|-")]
    [InlineData("Removed", true, "Regex", "x*", "axxb", "xx")]
    [InlineData("Removed", true, "String", "", "ab", "")]
    [InlineData("MergedWithPrevious", false, "String", "-", "-a--b-c-", "-|a-|-|b-|c-")]
    [InlineData("MergedWithPrevious", false, "Regex", "-|$", "a-b-", "a-|b-")]
    [InlineData("MergedWithPrevious", false, "Regex", "x*", "axxb", "axx|b")]
    [InlineData("MergedWithPrevious", false, "String", "", "ab", "a|b")]
    [InlineData("MergedWithPrevious", true, "String", "-", "-a--b-c-", "-a|-|-b|-c|-")]
    [InlineData("MergedWithPrevious", true, "Regex", "-|$", "a-b-", "a|-b|-")]
    [InlineData("MergedWithPrevious", true, "Regex", "x*", "axxb", "a|xxb")]
    [InlineData("MergedWithPrevious", true, "String", "", "ab", "a|b")]
    [InlineData("MergedWithNext", false, "String", "-", "-a--b-c-", "-a|-|-b|-c|-")]
    [InlineData("MergedWithNext", false, "Regex", "-|$", "a-b-", "a|-b|-")]
    [InlineData("MergedWithNext", false, "Regex", "x*", "axxb", "a|xxb")]
    [InlineData("MergedWithNext", false, "String", "", "ab", "a|b")]
    [InlineData("MergedWithNext", true, "String", "-", "-a--b-c-", "-|a-|-|b-|c-")]
    [InlineData("MergedWithNext", true, "Regex", "-|$", "a-b-", "a-|b-")]
    [InlineData("MergedWithNext", true, "Regex", "x*", "axxb", "axx|b")]
    [InlineData("MergedWithNext", true, "String", "", "ab", "a|b")]
    [InlineData("Contiguous", false, "String", "-", "-a--b-c-", "-|a|--|b|-|c|-")]
    [InlineData("Contiguous", false, "Regex", "-|$", "a-b-", "a|-|b|-")]
    [InlineData("Contiguous", false, "Regex", "x*", "axxb", "a|xx|b")]
    [InlineData("Contiguous", false, "String", "", "ab", "a|b")]
    [InlineData("Contiguous", true, "String", "-", "-a--b-c-", "-|a|--|b|-|c|-")]
    [InlineData("Contiguous", true, "Regex", "-|$", "a-b-", "a|-|b|-")]
    [InlineData("Contiguous", true, "Regex", "x*", "axxb", "a|xx|b")]
    [InlineData("Contiguous", true, "String", "", "ab", "a|b")]
    public void Each_behavior_keeps_and_joins_what_Hugging_Face_does(
        string behavior, bool inverts, string kind, string pattern, string text, string pieces)
    {
        TextMatcher matcher = kind == "Regex" ? Pattern.Parse(pattern) : new LiteralMatcher(pattern);
        List<Range> cut = [0..1];

        new SplitStep(matcher, Enum.Parse<SplitBehavior>(behavior), inverts).Cut(text, cut);

        cut[0].Should().Be(0..1, "what was there stays");
        string.Join('|', cut[1..].Select(piece => text[piece])).Should().Be(pieces);
    }
}
