using System.Text.Json;
using Neuralink.Models.ChatTemplates;
using Neuralink.Models.Tests.Tokenizers;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.ChatTemplates;

/// <summary>A model's template is found where publishers put it, with the special tokens of its tokenizer.</summary>
public sealed class ChatTemplateFilesTests : IDisposable
{
    private const string Template = "{{ bos_token }}{% for m in messages %}{{ m.role }}:{{ m.content }}{{ eos_token }}{% endfor %}";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_of_its_own_comes_before_the_configurations_key()
    {
        Find().Should().BeNull();
        WriteConfig(new { chat_template = "config", bos_token = "<s>", eos_token = new { content = "</s>", lstrip = false } });
        Render().Should().Be("config");
        _folder.Write("chat_template.json", JsonSerializer.Serialize(new { chat_template = "json" }));
        Render().Should().Be("json");
        _folder.Write("chat_template.jinja", "\uFEFF" + Template);
        Render().Should().Be("<s>user:Hi</s>");
    }

    [Fact]
    public void Of_several_templates_the_default_is_taken()
    {
        WriteConfig(new { chat_template = new[] { new { name = "rag", template = "r" }, new { name = "default", template = "d" } } });
        Render().Should().Be("d");
        WriteConfig(new { chat_template = new[] { new { name = "rag", template = "r" } } });
        FluentActions.Invoking(Find).Should().Throw<NeuralinkException>().WithMessage("*\"default\"*\"rag\"*");
    }

    [Fact]
    public void What_a_template_says_and_what_is_wrong_with_it_names_its_file()
    {
        WriteConfig(new { chat_template = "{{ raise_exception('Roles must alternate') }}" });
        FluentActions.Invoking(Render).Should().Throw<NeuralinkException>()
            .WithMessage("*tokenizer_config.json says: Roles must alternate");
        WriteConfig(new { chat_template = "\n{% include 'x' %}" });
        FluentActions.Invoking(Find).Should().Throw<NeuralinkException>().WithMessage("*tokenizer_config.json*'include'*line 2");
        WriteConfig(new { chat_template = "\n\n{{ 1 + 'a' }}" });
        FluentActions.Invoking(Render).Should().Throw<NeuralinkException>().WithMessage("*tokenizer_config.json*line 3");
        File.WriteAllBytes(Path.Combine(_folder.Path, "chat_template.jinja"), [0xff, 0xfe]);
        FluentActions.Invoking(Find).Should().Throw<NeuralinkException>().WithMessage("*chat_template.jinja*UTF-8*");
    }

    [Fact]
    public void Tools_and_variables_are_known_by_their_names()
    {
        WriteConfig(new
        {
            chat_template = "{{ tools[0].name }}{{ enable_thinking }}{{ messages[0].tool_calls|length }}{{ documents is none }}",
        });
        ChatMessage message = new("user", "Hi") { Fields = new Dictionary<string, JsonElement> { ["tool_calls"] = Json("[1, 2]") } };
        Find()!.Render([message], new ChatOptions
        {
            Tools = Json("""[{"name": "f"}]"""),
            Variables = new Dictionary<string, JsonElement> { ["enable_thinking"] = Json("false") },
        }).Should().Be("fFalse2True");
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private ChatTemplate? Find() => ChatTemplateFiles.Find(_folder.Path);

    private string Render() => Find()!.Render([new ChatMessage("user", "Hi")], new ChatOptions());

    private void WriteConfig(object config) =>
        _folder.Write("tokenizer_config.json", JsonSerializer.Serialize(config));
}
