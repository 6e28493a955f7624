using Neuralink.Models.Tokenizers;

namespace Neuralink.Models.Tests.Tokenizers;

public class AddedTokenSplitterTests
{
    [Fact]
    public void The_leftmost_token_wins_and_the_longest_of_those()
    {
        Cut("x<a><a>b<ab", Plain(1, "<a>"), Plain(2, "<a>b"), Plain(3, "<ab"), Plain(4, "a>"))
            .Should().Equal("x", "1:<a>", "2:<a>b", "3:<ab");
    }

    [Fact]
    public void Text_without_added_tokens_is_one_piece_and_none_is_no_piece()
    {
        Cut("plain", Plain(1, "<a>")).Should().Equal("plain");
        Cut("plain").Should().Equal("plain");
        Cut("", Plain(1, "<a>")).Should().BeEmpty();
    }

    [Fact]
    public void A_single_word_matches_only_by_itself()
    {
        AddedToken word = Plain(1, "is") with { SingleWord = true };

        Cut("this is is, is_ \u00e9is is", word).Should().Equal("this ", "1:is", " ", "1:is", ", is_ \u00e9is ", "1:is");
    }

    [Fact]
    public void White_space_is_taken_along_where_the_token_strips_it()
    {
        Cut("a \t<m>\n b", Plain(1, "<m>") with { StripsLeft = true }).Should().Equal("a", "1: \t<m>", "\n b");
        Cut("a \t<m>\n b", Plain(1, "<m>") with { StripsRight = true }).Should().Equal("a \t", "1:<m>\n ", "b");
        Cut("<m> <m>  ", Plain(1, "<m>") with { StripsLeft = true, StripsRight = true }).Should().Equal("1:<m> ", "1:<m>  ");
    }

    /// <summary>As Hugging Face's tokenizers do, found by running them.</summary>
    [Fact]
    public void White_space_that_is_a_token_too_stays_one_where_another_takes_it_along()
    {
        Cut("<m>   x", Plain(1, "<m>") with { StripsRight = true }, Plain(2, "  ")).Should().Equal("1:<m>   ", "2:  ", " x");
    }

    private static AddedToken Plain(int id, string content) => new(id, content);

    private static string[] Cut(string text, params AddedToken[] tokens)
    {
        List<(int? Id, Range Range)> pieces = [];
        new AddedTokenSplitter(tokens.Select(token => (token.Content, token))).Cut(text, pieces);
        return [.. pieces.Select(piece => (piece.Id is int id ? $"{id}:" : "") + text[piece.Range])];
    }
}
