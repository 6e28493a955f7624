using System.Text.Json;
using System.Text.Json.Nodes;
using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tokenizers.Json;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.Tokenizers.Json;

public class PostProcessorReaderTests
{
    private const string Template = """
        {"type":"TemplateProcessing",
         "single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
         "special_tokens":{"<s>":{"id":"<s>","ids":[256],"tokens":["<s>"]}}}
        """;

    private const string Roberta = """{"type":"RobertaProcessing","sep":["</s>",257],"cls":["<s>",256]}""";

    [Theory]
    [InlineData(Template, new[] { 256, 97 })]
    [InlineData(Roberta, new[] { 256, 97, 257 })]
    [InlineData("""{"type":"BertProcessing","sep":["</s>",257],"cls":["<s>",256]}""", new[] { 256, 97, 257 })]
    [InlineData("""{"type":"Sequence","processors":[{"type":"ByteLevel"},""" + Template + "]}", new[] { 256, 97 })]
    [InlineData("""{"type":"Sequence","processors":[""" + Template + "," + Roberta + "]}", new[] { 256, 256, 97, 257 })]
    public void Special_tokens_go_around_the_text_when_asked_for(string section, int[] expected)
    {
        JsonObject json = TokenizerJson.ByteLevel();
        json["added_tokens"] = new JsonArray(TokenizerJson.AddedToken(256, "<s>"), TokenizerJson.AddedToken(257, "</s>"));
        json["post_processor"] = JsonNode.Parse(section);
        Tokenizer tokenizer = TokenizerJson.Load(json);

        tokenizer.Encode("a").Should().Equal(expected);
        tokenizer.Encode("a", addSpecialTokens: false).Should().Equal(97);
        tokenizer.Decode(expected).Should().Be("a");
    }

    [Theory]
    [InlineData("""{"type":"OtherProcessing"}""", "*RobertaProcessing*found type OtherProcessing*")]
    [InlineData("""{"type":"TemplateProcessing","single":[]}""", "*text A*none*")]
    [InlineData("""{"type":"TemplateProcessing","single":[{"Sequence":{"id":"B"}}]}""", "*one text A*")]
    [InlineData("""{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}}],"special_tokens":{}}""", "*special_tokens.x*")]
    [InlineData("""{"type":"RobertaProcessing","cls":["<s>",999],"sep":["</s>",1]}""", "*cls[1]*999, which no token has*")]
    [InlineData("""{"type":"RobertaProcessing","cls":["<s>"],"sep":["</s>",1]}""", "*cls*a pair*")]
    public void What_is_wrong_or_not_supported_is_refused_by_name(string section, string message)
    {
        using JsonDocument json = JsonDocument.Parse(section);
        FluentActions.Invoking(() => PostProcessorReader.Read(new JsonField("t.json", "post_processor", json.RootElement), id => id < 256))
            .Should().Throw<NeuralinkException>().WithMessage(message);
    }
}
