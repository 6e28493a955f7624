using System.Text.Json;
using System.Text.Json.Nodes;
using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers.Json;
using Neuralink.Models.Tokenizers.Patterns;
using Neuralink.Models.Tokenizers.PreTokenizers;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.Tokenizers.Json;

public class PreTokenizerReaderTests
{
    [Fact]
    public void Llama3_split_cuts_as_its_pattern_says()
    {
        Pieces(TokenizerJson.Llama3Pattern, "Hello world 1234567\n\n  x I'LL ok!!\n")
            .Should().Equal("Hello", " world", " ", "123", "456", "7", "\n\n", " ", " x", " I", "'LL", " ok", "!!\n");
    }

    [Theory]
    [InlineData("\U00010400\U00010428 a", new[] { "\U00010400\U00010428", " a" })] // Deseret letters, upper and lower
    [InlineData("a\U00020000b", new[] { "a\U00020000b" })] // a CJK ideograph of the second plane
    [InlineData("\U0001D7CE\U0001D7CF\U0001D7D0\U0001D7D1", new[] { "\U0001D7CE\U0001D7CF\U0001D7D0", "\U0001D7D1" })] // digits
    [InlineData("x\U0001F600\U0001F680y", new[] { "x", "\U0001F600\U0001F680", "y" })] // emoji: the second alternative takes none
    [InlineData("\U0001F600\U00020000", new[] { "\U0001F600\U00020000" })]
    [InlineData("a \uD83D b", new[] { "a", " \uD83D", " b" })] // half a pair
    public void Characters_beyond_the_first_plane_count_as_what_they_are(string text, string[] expected)
    {
        Pieces(TokenizerJson.Llama3Pattern, text).Should().Equal(expected);
    }

    [Fact]
    public void A_literal_pattern_is_no_regular_expression()
    {
        Words(TokenizerJson.Split("a.c", kind: "String"), "abca.c").Should().Equal("abc", "a.c");
    }

    [Fact]
    public void Splits_of_a_sequence_apply_in_order_each_within_the_pieces_of_the_last()
    {
        JsonObject json = TokenizerJson.ByteLevel("a b", "ab c", "1 2");
        json["pre_tokenizer"] = TokenizerJson.Sequence(
            "pretokenizers",
            TokenizerJson.Sequence("pretokenizers", TokenizerJson.Split("[0-9]")),
            TokenizerJson.Split("b"),
            TokenizerJson.ByteLevelStep(useRegex: false));

        TokenizerTests.Tokens(TokenizerJson.Load(json), "abc12").Should().Equal("a", "b", "c", "1", "2");
    }

    [Theory]
    [InlineData("""{"type":"BertPreTokenizer"}""", "*at pre_tokenizer:*ByteLevel, Metaspace*found type BertPreTokenizer*")]
    [InlineData("""{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"Nope"}]}""", "*pretokenizers[1]*type Nope*")]
    [InlineData("""{"type":"Metaspace"}""", "*replacement*a string*")]
    [InlineData("""{"type":"Metaspace","replacement":"ab"}""", "*replacement*one character*ab*")]
    [InlineData("""{"type":"Metaspace","replacement":"_","prepend_scheme":"last"}""", "*prepend_scheme*always, first or never*last*")]
    [InlineData("""{"type":"Metaspace","replacement":"_","prepend_scheme":"first","add_prefix_space":false}""", "*add_prefix_space*first*")]
    [InlineData("""{"type":"Digits","individual_digits":1}""", "*individual_digits*true or false*")]
    [InlineData("""{"type":"Digits","groups":3}""", "*pre_tokenizer Digits*\"groups\"*")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"a"},"behavior":"Kept"}""", "*behavior*Isolated, Removed*Contiguous*found Kept*")]
    [InlineData("""{"type":"Split","pattern":{"Regex":"a\\K"},"behavior":"Isolated"}""", "*pattern.Regex*match exactly*\\K*")]
    [InlineData("""{"type":"Split","pattern":{},"behavior":"Isolated"}""", "*pattern.Regex*a string*no such field*")]
    [InlineData("""{"type":7}""", "*pre_tokenizer.type*a string*7*")]
    public void What_is_not_supported_is_refused_by_name(string section, string message)
    {
        using JsonDocument json = JsonDocument.Parse(section);
        FluentActions.Invoking(() => PreTokenizerReader.Read(new JsonField("t.json", "pre_tokenizer", json.RootElement)))
            .Should().Throw<NeuralinkException>().WithMessage(message);
    }

    private static string[] Pieces(string pattern, string text)
    {
        List<Range> pieces = [];
        new SplitStep(Pattern.Parse(pattern)).Cut(text, pieces);
        return [.. pieces.Select(piece => text[piece])];
    }

    // A vocabulary of bytes shows no word boundaries; merges over everything a word can hold do.
    private static string[] Words(JsonObject step, string text)
    {
        JsonObject json = TokenizerJson.ByteLevel("a b", "ab c", "a .", "a. c", "- -", "a -", "b -");
        json["pre_tokenizer"] = TokenizerJson.Sequence("pretokenizers", step, TokenizerJson.ByteLevelStep(useRegex: false));
        return TokenizerTests.Tokens(TokenizerJson.Load(json), text);
    }
}
