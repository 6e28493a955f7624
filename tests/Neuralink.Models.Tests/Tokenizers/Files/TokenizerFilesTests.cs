using System.Text.Json.Nodes;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.Tokenizers.Files;

public sealed class TokenizerFilesTests : IDisposable
{
    private const int Start = 256, End = 257;
    private const string Template = """
        {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}],
         "special_tokens":{"<s>":{"ids":[256]}}}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("null", "{}", new[] { 97 })]
    [InlineData("null", """{"add_bos_token":true,"bos_token":"<s>"}""", new[] { Start, 'a' })]
    [InlineData(
        "null", """{"add_bos_token":true,"bos_token":{"__type":"AddedToken","content":"<s>","normalized":true}}""", new[] { Start, 'a' })]
    [InlineData("null", """{"add_bos_token":true,"add_eos_token":true,"bos_token":"<s>","eos_token":"</s>"}""", new[] { Start, 'a', End })]
    [InlineData("null", """{"add_eos_token":true,"eos_token":"</s>"}""", new[] { 'a', End })]
    [InlineData("null", """{"add_bos_token":null,"bos_token":"<s>"}""", new[] { 97 })]
    [InlineData("null", """{"tokenizer_class":"LlamaTokenizerFast"}""", new[] { Start, 'a' })]
    [InlineData("null", """{"tokenizer_class":"GPT2Tokenizer","bos_token":"<s>"}""", new[] { 97 })]
    [InlineData("null", """{"tokenizer_class":"LlamaTokenizer","bos_token":"absent","add_bos_token":false}""", new[] { 97 })]
    [InlineData(Template, "{}", new[] { Start, 'a' })]
    [InlineData(Template, """{"add_bos_token":true,"bos_token":"<s>"}""", new[] { Start, 'a' })]
    [InlineData(Template, """{"add_bos_token":false,"bos_token":"<s>"}""", new[] { 97 })]
    [InlineData(Template, """{"tokenizer_class":"LlamaTokenizer","add_eos_token":true,"eos_token":"</s>"}""", new[] { Start, 'a', End })]
    public void The_configuration_says_what_goes_around_a_text(string postProcessor, string config, int[] expected)
    {
        Write(postProcessor, config);

        Tokenizer tokenizer = Tokenizer.Load(_folder.Path);

        tokenizer.Encode("a").Should().Equal(expected);
        tokenizer.Encode("a", addSpecialTokens: false).Should().Equal('a');
    }

    [Theory]
    [InlineData("""{"add_bos_token":true}""", "*tokenizer_config.json*bos_token to be a token*no such field*")]
    [InlineData("""{"add_bos_token":"yes"}""", "*add_bos_token*true or false*yes*")]
    [InlineData("""{"bos_token":7}""", "*bos_token*")]
    [InlineData("""{"split_special_tokens":true}""", "*split_special_tokens*true*")]
    [InlineData("""{"added_tokens_decoder":{"300":{"content":"<x>","special":true}}}""", "*<x>*id 258*300*")]
    [InlineData("""{"added_tokens_decoder":{"x":{"content":"<x>"}}}""", "*an id*\"x\"*")]
    public void What_the_configuration_cannot_mean_is_refused(string config, string message)
    {
        Write("null", config);

        FluentActions.Invoking(() => Tokenizer.Load(_folder.Path)).Should().Throw<NeuralinkException>().WithMessage(message);
    }

    [Fact]
    public void Tokens_that_only_the_configuration_names_are_searched_for_and_get_the_next_ids()
    {
        Write("null", """
            {"pad_token":"[PAD]","additional_special_tokens":["[X]",{"content":"</s>"}],"added_tokens_decoder":{"258":{"content":"[Y]"}},
             "clean_up_tokenization_spaces":true,"model_max_length":1000,"a key of nobody":{}}
            """);

        Tokenizer tokenizer = Tokenizer.Load(_folder.Path);

        tokenizer.Encode("[PAD][X][Y]</s>").Should().Equal(259, 260, 258, End);
        tokenizer.IsSpecial(259).Should().BeTrue();
        tokenizer.IsSpecial(258).Should().BeFalse();
    }

    [Fact]
    public void The_map_of_special_tokens_counts_unless_the_configuration_lists_the_added_ones()
    {
        Write("null", """{"add_bos_token":true,"bos_token":"</s>"}""");
        _folder.Write("special_tokens_map.json", """{"bos_token":{"content":"<s>"}}""");
        Tokenizer.Load(_folder.Path).Encode("a").Should().Equal(Start, 'a');

        Write("null", """{"add_bos_token":true,"bos_token":"</s>","added_tokens_decoder":{}}""");
        Tokenizer.Load(_folder.Path).Encode("a").Should().Equal(End, 'a');
    }

    [Fact]
    public void A_prefix_space_is_added_or_not_as_the_configuration_says()
    {
        JsonObject json = TokenizerJson.ByteLevel();
        json["pre_tokenizer"] = TokenizerJson.ByteLevelStep(useRegex: true, addPrefixSpace: true);
        _folder.Write("tokenizer.json", json.ToJsonString());
        Tokenizer.Load(_folder.Path).Encode("a").Should().Equal(' ', 'a');

        _folder.Write("tokenizer_config.json", """{"add_prefix_space":false}""");
        Tokenizer.Load(_folder.Path).Encode("a").Should().Equal('a');
    }

    [Fact]
    public void A_token_beyond_the_models_rows_is_refused_by_name_when_a_text_has_it()
    {
        JsonObject json = TokenizerJson.ByteLevel();
        json["added_tokens"] = new JsonArray(TokenizerJson.AddedToken(264, "<pad>"));
        _folder.Write("tokenizer.json", json.ToJsonString());
        Tokenizer tokenizer = Tokenizer.Load(_folder.Path);

        tokenizer.TextVocabularySize.Should().Be(256);
        tokenizer.RequireRows(tokenizer.Encode("pad"), rows: 256);
        FluentActions.Invoking(() => tokenizer.RequireRows(tokenizer.Encode("a<pad>"), rows: 256))
            .Should().Throw<NeuralinkException>().WithMessage("*<pad> with id 264*");
    }

    [Fact]
    public void Vocabulary_and_merges_make_a_tokenizer_without_a_tokenizer_json()
    {
        WriteVocabulary("#version: 0.2\na b\nab c\n");
        _folder.Write("tokenizer_config.json", """{"add_bos_token":true}""");
        _folder.Write("special_tokens_map.json", """{"bos_token":"</s>","eos_token":"</s>","unk_token":"</s>"}""");

        Tokenizer tokenizer = Tokenizer.Load(_folder.Path);

        tokenizer.Encode("abcab</s>").Should().Equal(258, 257, 256, 258);
        tokenizer.Decode([258, 257, 256]).Should().Be("abcab");
        TokenizerFiles.Find(_folder.Path).Should().Equal("vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json");
    }

    [Theory]
    [InlineData("a b c\n", "*merges.txt at line 1*two tokens*a b c*")]
    [InlineData("#version: 0.2\na zz\n", "*line 2*\"zz\"*")]
    [InlineData("version https://git-lfs.github.com/spec/v1\n", "*Git LFS pointer*git lfs pull*")]
    public void Merges_that_are_none_are_refused_by_their_line(string merges, string message)
    {
        WriteVocabulary(merges);

        FluentActions.Invoking(() => Tokenizer.Load(_folder.Path)).Should().Throw<NeuralinkException>().WithMessage(message);
    }

    [Fact]
    public void A_folder_without_a_tokenizer_is_refused_with_what_it_has()
    {
        _folder.Write("vocab.txt", "x");

        FluentActions.Invoking(() => Tokenizer.Load(_folder.Path))
            .Should().Throw<NeuralinkException>().WithMessage("*tokenizer.json*vocab.txt*");
    }

    private void Write(string postProcessor, string config)
    {
        JsonObject json = TokenizerJson.ByteLevel();
        json["added_tokens"] = new JsonArray(TokenizerJson.AddedToken(Start, "<s>"), TokenizerJson.AddedToken(End, "</s>"));
        json["post_processor"] = JsonNode.Parse(postProcessor);
        _folder.Write("tokenizer.json", json.ToJsonString());
        _folder.Write("tokenizer_config.json", config);
    }

    private void WriteVocabulary(string merges)
    {
        JsonObject vocabulary = TokenizerJson.ByteLevel("a b", "ab c")["model"]!["vocab"]!.DeepClone().AsObject();
        vocabulary.Remove("abc");
        vocabulary["abc"] = 257;
        vocabulary["</s>"] = 258;
        _folder.Write("vocab.json", vocabulary.ToJsonString());
        _folder.Write("merges.txt", merges);
    }
}
