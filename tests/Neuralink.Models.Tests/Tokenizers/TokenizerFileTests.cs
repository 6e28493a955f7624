using System.Text;
using System.Text.Json.Nodes;
using Neuralink.Models.Tokenizers;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.Tokenizers;

public class TokenizerFileTests
{
    [Theory]
    [InlineData("model.type", "\"Unigram\"", "*keys that this engine knows of Unigram*\"unk_token\"*")]
    [InlineData("model.type", "\"WordPiece\"", "*found type WordPiece*")]
    [InlineData("model", "null", "*at model:*object*null*")]
    [InlineData("model.byte_fallback", "1", "*byte_fallback*true or false*")]
    [InlineData("model.new_key", "1", "*at model:*keys that this engine knows of BPE*\"new_key\"*")]
    [InlineData("surprise", "{}", "*keys that this engine knows of tokenizer.json*\"surprise\"*")]
    [InlineData("model.continuing_subword_prefix", "\"##\"", "*continuing_subword_prefix*##*")]
    [InlineData("model.end_of_word_suffix", "\"</w>\"", "*end_of_word_suffix*</w>*")]
    [InlineData("model.dropout", "0.1", "*dropout*0.1*")]
    [InlineData("model.unk_token", "\"<nope>\"", "*unk_token*in the vocabulary*<nope>*")]
    [InlineData("model.ignore_merges", "\"yes\"", "*ignore_merges*true or false*yes*")]
    [InlineData("model.vocab", "{}", "*vocab*at least one token*")]
    [InlineData("model.vocab", "[]", "*vocab*an object*")]
    [InlineData("model.vocab.zz", "-1", "*vocab[\"zz\"]*found -1*")]
    [InlineData("model.vocab.zz", "4194304", "*0 to 4194303*found 4194304*")]
    [InlineData("model.vocab.zz", "3000000000", "*found 3000000000*")]
    [InlineData("model.vocab.zz", "1.5", "*found 1.5*")]
    [InlineData("model.vocab.zz", "7", "*each id once*id 7*")]
    [InlineData("model.merges", "[\"a qq\"]", "*merges[0]*\"qq\"*")]
    [InlineData("model.merges", "[\"a b\", \"a c\"]", "*merges[0]*\"ab\"*")]
    [InlineData("model.merges", "[\"a\"]", "*merges[0]*two tokens*")]
    [InlineData("model.merges", "[\"a b c\"]", "*two tokens*")]
    [InlineData("model.merges", "[[\"a\", \"\"]]", "*two tokens*")]
    [InlineData("model.merges", "[[\"a\", 1]]", "*merges[0][1]*a string*")]
    [InlineData("model.merges", "7", "*merges*an array*7*")]
    [InlineData("added_tokens", "[{\"id\":7,\"content\":\"<s>\"}]", "*added_tokens[0]*id 7*")]
    [InlineData("added_tokens", "[{\"id\":700,\"content\":\"a\"}]", "*added_tokens[0]*id 97*id 700*")]
    [InlineData("added_tokens", "[{\"id\":700,\"content\":\"\"}]", "*content*")]
    [InlineData("added_tokens", "[{\"id\":700,\"content\":\"<s>\"},{\"id\":701,\"content\":\"<s>\"}]", "*[1]*a second time*")]
    [InlineData("added_tokens", "[{\"id\":99999999,\"content\":\"<s>\"}]", "*found 99999999*")]
    [InlineData("normalizer", "{\"type\":\"Precompiled\"}", "*normalizer*NFC*found type Precompiled*")]
    [InlineData("normalizer", "{\"type\":\"Sequence\",\"normalizers\":[null]}", "*normalizers[0]*a normalizer*null*")]
    [InlineData("normalizer", "{\"type\":\"NFC\",\"version\":15}", "*normalizer NFC*\"version\"*")]
    [InlineData("decoder", "{\"type\":\"WordPiece\"}", "*decoder*ByteLevel*found type WordPiece*")]
    [InlineData("decoder", "{\"type\":\"Metaspace\"}", "*decoder.replacement*")]
    [InlineData("decoder", "{\"type\":\"Strip\",\"content\":\" \",\"start\":-1,\"stop\":0}", "*decoder.start*-1*")]
    [InlineData(
        "decoder", """{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"ByteLevel"}]}""", "*decoders[1]*only Strip behind*")]
    [InlineData("version", "\"2.0\"", "*version*1.0*2.0*")]
    public void What_is_wrong_or_not_supported_is_refused_with_its_place(string place, string value, string message)
    {
        FluentActions.Invoking(() => TokenizerJson.Load(With(place, value)))
            .Should().Throw<NeuralinkException>().WithMessage(message);
    }

    [Fact]
    public void The_file_the_tests_break_is_accepted_whole()
    {
        TokenizerJson.Load(TokenizerJson.ByteLevel()).VocabularySize.Should().Be(256);
    }

    [Theory]
    [InlineData("model.dropout", "0.0")]
    [InlineData("model.continuing_subword_prefix", "\"\"")]
    [InlineData("model.unk_token", "\"\"")]
    [InlineData("decoder", "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"ByteLevel\"},{\"type\":\"Fuse\"}]}")]
    [InlineData("post_processor", "{\"type\":\"ByteLevel\",\"trim_offsets\":false}")]
    [InlineData("truncation", "{\"max_length\":1}")]
    public void What_published_files_say_without_meaning_is_accepted(string place, string value)
    {
        TokenizerJson.Load(With(place, value)).Encode("abc").Should().Equal('a', 'b', 'c');
    }

    [Fact]
    public void A_token_written_twice_is_refused()
    {
        string json = TokenizerJson.ByteLevel().ToJsonString().Replace("\"a\":97", "\"a\":97,\"a\":300");

        FluentActions.Invoking(() => TokenizerJson.Load(Encoding.UTF8.GetBytes(json)))
            .Should().Throw<NeuralinkException>().WithMessage("*each key once*twice*");
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused_wherever_text_is_read()
    {
        string json = TokenizerJson.ByteLevel("a b").ToJsonString();
        foreach (string place in (string[])["\"BPE\"", "\"ab\":256", "\"a b\""])
        {
            json.Should().Contain(place);
            string broken = json.Replace(place, place.Insert(1, "\\ud800"));
            FluentActions.Invoking(() => TokenizerJson.Load(Encoding.UTF8.GetBytes(broken)))
                .Should().Throw<NeuralinkException>().WithMessage("*unpaired surrogate*");
        }
    }

    [Fact]
    public void A_missing_file_is_refused_with_its_name()
    {
        FluentActions.Invoking(() => Tokenizer.Load("no/such/tokenizer.json"))
            .Should().Throw<NeuralinkException>().WithMessage("*no/such/tokenizer.json*");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("\u00ff\u00fe")]
    public void What_is_no_tokenizer_file_is_refused(string content)
    {
        FluentActions.Invoking(() => TokenizerJson.Load(Encoding.Latin1.GetBytes(content))).Should().Throw<NeuralinkException>();
    }

    // Places a value, given as JSON, at a dotted path.
    private static JsonObject With(string place, string value)
    {
        JsonObject json = TokenizerJson.ByteLevel();
        string[] names = place.Split('.');
        JsonObject parent = names[..^1].Aggregate(json, (node, name) => node[name]!.AsObject());
        parent[names[^1]] = JsonNode.Parse(value);
        return json;
    }
}
