using System.Text;
using System.Text.Json.Nodes;
using Neuralink.Models.Tokenizers;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.Tokenizers;

public class TokenizerTests
{
    [Fact]
    public void Every_byte_that_can_be_in_text_encodes_to_its_own_token_and_back()
    {
        Tokenizer tokenizer = TokenizerJson.Load(TokenizerJson.ByteLevel());
        StringBuilder text = new();
        for (int value = 0; value < 0x800; value++)
            text.Append((char)value);

        text.Append("\u0800\u1000\u2000\u3000\u4000\u5000\u6000\u7000\u8000\u9000\ua000\ub000\uc000\ud000\ue000\uf000");
        foreach (int value in (int[])[0x10000, 0x40000, 0x80000, 0xC0000, 0x100000])
            text.Append(new Rune(value).ToString());

        int[] ids = tokenizer.Encode(text.ToString());

        // Byte b has id b; C0, C1 and F5..FF are never in UTF-8.
        ids.Should().Equal(Encoding.UTF8.GetBytes(text.ToString()).Select(value => (int)value));
        ids.Distinct().Should().HaveCount(256 - 13);
        tokenizer.Decode(ids).Should().Be(text.ToString());
    }

    [Fact]
    public void Bytes_that_are_no_text_decode_to_replacement_characters()
    {
        Tokenizer tokenizer = TokenizerJson.Load(TokenizerJson.ByteLevel());

        foreach (int id in Enumerable.Range(128, 128))
            tokenizer.Decode([id]).Should().Be("\uFFFD");
    }

    [Fact]
    public void An_unpaired_surrogate_encodes_as_a_replacement_character()
    {
        Tokenizer tokenizer = TokenizerJson.Load(TokenizerJson.ByteLevel());

        tokenizer.Decode(tokenizer.Encode("a\uD83D b\uDE00")).Should().Be("a\uFFFD b\uFFFD");
    }

    [Fact]
    public void Merges_apply_by_rank_and_stay_within_words()
    {
        Tokenizer tokenizer = TokenizerJson.Load(TokenizerJson.ByteLevel("b c", "a b", "bc d", "\u0120 a"));

        Tokens(tokenizer, "abcd").Should().Equal("a", "bcd");
        Tokens(tokenizer, "ab ab").Should().Equal("ab", "\u0120", "ab");
        Tokens(tokenizer, "b a").Should().Equal("b", "\u0120a");
    }

    [Fact]
    public void Merges_may_be_written_as_pairs()
    {
        JsonObject json = TokenizerJson.ByteLevel("b c", "a bc");
        json["model"]!["merges"] = new JsonArray(new JsonArray("b", "c"), new JsonArray("a", "bc"));

        Tokens(TokenizerJson.Load(json), "abc").Should().Equal("abc");
    }

    [Theory]
    [InlineData(false, new[] { "ab", "c" })]
    [InlineData(true, new[] { "abc" })]
    public void A_word_in_the_vocabulary_is_taken_whole_where_merges_are_ignored(bool ignored, string[] expected)
    {
        JsonObject json = TokenizerJson.ByteLevel("a b");
        json["model"]!["vocab"]!["abc"] = 257;
        json["model"]!["ignore_merges"] = ignored;

        Tokens(TokenizerJson.Load(json), "abc").Should().Equal(expected);
    }

    [Fact]
    public void A_prefix_space_is_added_to_each_piece_that_has_none()
    {
        JsonObject json = TokenizerJson.ByteLevel("\u0120 a");
        json["added_tokens"] = new JsonArray(TokenizerJson.AddedToken(300, "<s>"));
        json["pre_tokenizer"] = TokenizerJson.ByteLevelStep(useRegex: true, addPrefixSpace: true);
        Tokenizer tokenizer = TokenizerJson.Load(json);

        Tokens(tokenizer, "a<s>a").Should().Equal("\u0120a", "<s>", "\u0120a");
        Tokens(tokenizer, " a").Should().Equal("\u0120a");
        Tokens(tokenizer, "").Should().BeEmpty();
    }

    [Fact]
    public void A_byte_without_a_token_becomes_the_unknown_token_or_a_clear_error()
    {
        JsonObject json = TokenizerJson.ByteLevel();
        json["model"]!["vocab"]!.AsObject().Remove("x");
        json["model"]!["vocab"]!["<unk>"] = 400;
        Tokenizer without = TokenizerJson.Load(json);
        without.Invoking(tokenizer => tokenizer.Encode("axb"))
            .Should().Throw<NeuralinkException>().WithMessage("*byte 0x78*");

        json["model"]!["unk_token"] = "<unk>";
        Tokens(TokenizerJson.Load(json), "axxb").Should().Equal("a", "<unk>", "<unk>", "b");
    }

    [Fact]
    public void Ids_that_no_token_has_decode_to_nothing()
    {
        JsonObject json = TokenizerJson.ByteLevel();
        json["model"]!["vocab"]!["far"] = 260;
        Tokenizer tokenizer = TokenizerJson.Load(json);

        tokenizer.VocabularySize.Should().Be(261);
        tokenizer.TokenOf(258).Should().BeNull();
        tokenizer.IdOf("absent").Should().BeNull();
        tokenizer.Decode(['a', 258, 261, int.MaxValue, -1, 'b']).Should().Be("ab");
    }

    [Fact]
    public void An_added_token_of_the_byte_alphabet_decodes_as_the_bytes_it_spells()
    {
        JsonObject json = TokenizerJson.ByteLevel();
        json["added_tokens"] = new JsonArray(
            TokenizerJson.AddedToken(256, "caf\u00e9\u0120", special: false),
            TokenizerJson.AddedToken(257, "\u2581\u00e9", special: false));
        Tokenizer tokenizer = TokenizerJson.Load(json);

        // Hugging Face's decoder does not tell added tokens from others: \u00e9 spells the byte 0xE9, which is no text.
        tokenizer.Encode("caf\u00e9\u0120\u2581\u00e9").Should().Equal(256, 257);
        tokenizer.Decode([256]).Should().Be("caf\uFFFD ");
        tokenizer.Decode([257]).Should().Be("\u2581\u00e9");
    }

    [Fact]
    public void A_word_of_a_megabyte_encodes_and_decodes()
    {
        Tokenizer tokenizer = Tokenizer.Load(RepositoryFiles.BundledModel("tokenizer.json"));
        Random random = new(3);
        string text = string.Create(1 << 20, random, static (chars, random) =>
        {
            foreach (ref char value in chars)
                value = (char)('a' + random.Next(26));
        });

        int[] ids = tokenizer.Encode(text);

        ids.Length.Should().BeLessThan(text.Length);
        (tokenizer.Decode(ids) == text).Should().BeTrue();
    }

    internal static string[] Tokens(Tokenizer tokenizer, string text) =>
        [.. tokenizer.Encode(text).Select(id => tokenizer.TokenOf(id)!)];
}
