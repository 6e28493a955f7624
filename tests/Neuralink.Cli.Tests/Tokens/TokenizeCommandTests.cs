using System.Text.Json;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests.Tokens;

public sealed class TokenizeCommandTests : IDisposable
{
    private const string Text = "Once upon a time\u00e9";

    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_text_becomes_ids_and_ids_become_the_text_again()
    {
        CliResult ids = await _home.RunAsync("tokenize", BundledModel.Folder, "--text", Text);
        ids.Code.Should().Be(0, "of {0}", ids.Error);
        ids.Out.Should().MatchRegex("^[0-9]+( [0-9]+)+\n$");

        CliResult text = await _home.RunAsync("detokenize", BundledModel.Folder, "--ids", ids.Out.Trim());
        text.Out.Should().Be(Text + "\n");
        string commas = $"[{ids.Out.Trim().Replace(" ", ", ", StringComparison.Ordinal)}]";
        (await _home.RunAsync(commas, ["detokenize", BundledModel.Folder, "--file", "-", "--json"])).Out
            .Should().Be(JsonSerializer.Serialize(new { text = Text }) + "\n");
    }

    [Fact]
    public async Task A_file_is_taken_as_it_is_with_its_line_end()
    {
        string file = _home.PathOf("text.txt");
        File.WriteAllText(file, Text + "\n");
        string ids = (await _home.RunAsync("tokenize", BundledModel.Folder, "--file", file)).Out;

        (await _home.RunAsync("detokenize", BundledModel.Folder, "--ids", ids.Trim())).Out.Should().Be(Text + "\n\n");
        (await _home.RunAsync(Text + "\n", ["tokenize", BundledModel.Folder, "--file", "-"])).Out.Should().Be(ids);
    }

    [Fact]
    public async Task Json_has_the_ids_the_tokens_and_their_number()
    {
        using JsonDocument json = JsonDocument.Parse((await _home.RunAsync("tokenize", BundledModel.Folder, "--text", Text, "--json")).Out);

        int count = json.RootElement.GetProperty("count").GetInt32();
        json.RootElement.GetProperty("ids").GetArrayLength().Should().Be(count);
        json.RootElement.GetProperty("tokens").GetArrayLength().Should().Be(count);
        json.RootElement.GetProperty("tokens")[0].GetString().Should().Be("Once");
    }

    [Fact]
    public async Task Lines_become_lines_in_order()
    {
        string lines = "{\"text\":\"Once\"}\n\n{\"id\":7,\"text\":\"\"}\n{\"text\":\" upon\\n\"}\n";
        CliResult ids = await _home.RunAsync(lines, ["tokenize", BundledModel.Folder, "--jsonl", "-"]);
        ids.Code.Should().Be(0, "of {0}", ids.Error);
        ids.Out.Split('\n').Should().HaveCount(4).And.HaveElementAt(1, "{\"ids\":[]}");

        CliResult texts = await _home.RunAsync(ids.Out, ["detokenize", BundledModel.Folder, "--jsonl", "-"]);
        texts.Out.Should().Be("{\"text\":\"Once\"}\n{\"text\":\"\"}\n{\"text\":\" upon\\n\"}\n");
    }

    [Fact]
    public async Task Special_tokens_go_around_a_text_unless_left_out_and_are_shown_when_asked_for()
    {
        string folder = Directory.CreateDirectory(_home.PathOf("tokenizer")).FullName;
        File.Copy(Path.Combine(BundledModel.Folder, "tokenizer.json"), Path.Combine(folder, "tokenizer.json"));
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{"add_bos_token":true,"bos_token":"<|endoftext|>"}""");

        string with = (await _home.RunAsync("tokenize", folder, "--text", "Once")).Out;
        string without = (await _home.RunAsync("tokenize", folder, "--text", "Once", "--no-special")).Out;
        with.Should().Be("0 " + without);
        (await _home.RunAsync("detokenize", folder, "--ids", with.Trim())).Out.Should().Be("Once\n");
        (await _home.RunAsync("detokenize", folder, "--ids", with.Trim(), "--special")).Out.Should().Be("<|endoftext|>Once\n");
    }

    [Theory]
    [InlineData("tokenize", "{\"text\":7}", "line 2", "\"text\", a string")]
    [InlineData("tokenize", "{\"txt\":\"\"}", "line 2", "\"text\"")]
    [InlineData("tokenize", "{\"text\":\"\\ud800\"}", "line 2", "\"text\"")]
    [InlineData("tokenize", "text", "line 2", "a JSON object")]
    [InlineData("detokenize", "{\"ids\":[-1]}", "line 2", "a list of token ids")]
    [InlineData("detokenize", "[1]", "line 2", "\"ids\"")]
    public async Task A_line_that_is_none_is_refused_by_its_number(string command, string line, params string[] parts)
    {
        string first = command == "tokenize" ? "{\"text\":\"a\"}" : "{\"ids\":[1]}";
        CliResult run = await _home.RunAsync($"{first}\n{line}\n", [command, BundledModel.Folder, "--jsonl", "-"]);
        run.ShouldFail(1, ["standard input", .. parts]);
    }

    [Fact]
    public async Task What_is_missing_or_too_much_is_said()
    {
        (await _home.RunAsync("tokenize", BundledModel.Folder)).ShouldFail(2, "--text, --file and --jsonl", "none");
        (await _home.RunAsync("tokenize", BundledModel.Folder, "--text", "a", "--file", "b")).ShouldFail(2, "--text and --file");
        (await _home.RunAsync("tokenize", _home.Folder, "--text", "a")).ShouldFail(1, "tokenizer.json", "no such file");
        (await _home.RunAsync("detokenize", BundledModel.Folder, "--ids", "1 x")).ShouldFail(1, "token ids", "'x'");
    }
}
