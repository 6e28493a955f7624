using System.Text.Json;
using Neuralink.Cli.Terminal;

namespace Neuralink.Cli.Tests.Chat;

/// <summary>`chat` answers in turns, each as the whole conversation makes it, and does what is asked of it beside.</summary>
[Collection(PackedModelFixture.Name)]
public sealed class ChatCommandTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Each_answer_is_what_generate_makes_of_the_conversation()
    {
        CliResult chat = await ChatAsync("Once upon a time\nThe dog ran.\n", "-n", "8", "--system", "A story.");
        chat.Code.Should().Be(0, "of {0}", chat.Error);
        string first = await AnswerAsync("A story.|Once upon a time|");
        string second = await AnswerAsync($"A story.|Once upon a time|{first}|The dog ran.|");
        chat.Out.Should().Be($"{first}\n{second}\n");
        chat.Error.Should().Contain("cut after 8 tokens");
        CliResult one = await _home.RunAsync(
            "generate", "-m", model.Image, "--chat", "--system", "A story.", "--chat-template", Template(), "-p", "Once upon a time",
            "-n", "8", "--temperature", "0");
        one.Out.Should().Be($"{first}\n", "one turn is the same, without the prompt");
    }

    [Fact]
    public async Task Commands_change_and_save_the_conversation()
    {
        string saved = _home.PathOf("saved.json");
        CliResult chat = await ChatAsync(
            $"One.\n/clear\n/system Be brief.\n//slash\n\n/save {saved}\n/save {saved}\n/stats\n/help\n/exit\nnever\n", "-n", "2");
        chat.Code.Should().Be(0, "of {0}", chat.Error);
        chat.Error.Should().Contain("forgotten").And.Contain("tokens/s").And.Contain("/system TEXT");
        JsonElement json = JsonDocument.Parse(File.ReadAllText(saved)).RootElement;
        json.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("role").GetString())
            .Should().Equal("system", "user", "assistant");
        json.GetProperty("messages")[1].GetProperty("content").GetString().Should().Be("/slash");
        (await ChatAsync("/nonsense\n")).ShouldFail(1, "/nonsense", "/help");
        (await ChatAsync("/save\n")).ShouldFail(1, "save the conversation", "a file");
        (await ChatAsync($"/save {saved}\n")).ShouldFail(1, saved, "another name");
        (await ChatAsync("/save /nonexistent/x\n")).ShouldFail(1, "/nonexistent/x");
    }

    [Fact]
    public async Task The_oldest_turns_are_forgotten_where_the_context_ends()
    {
        CliResult chat = await ChatAsync(
            "One two three four five.\nSix seven eight nine ten.\nEleven twelve.\n", "-n", "8", "--context", "40");
        chat.Code.Should().Be(0, "of {0}", chat.Error);
        chat.Error.Should().Contain("messages are forgotten");
        string message = string.Join(' ', Enumerable.Repeat("word", 60));
        (await ChatAsync(message + "\n", "--context", "40")).ShouldFail(1, "40 tokens", "--context");
    }

    [Fact]
    public async Task Without_a_template_the_messages_are_gone_on_with_as_one_plain_text_and_it_says_so()
    {
        string[] greedy = ["-m", model.Image, "--temperature", "0", "-n", "8"];
        CliResult plain = await _home.RunAsync(["generate", "--chat", "-p", "Once upon a time", .. greedy]);
        plain.Error.Should().Contain("has no chat template").And.Contain("--chat-template");
        CliResult text = await _home.RunAsync(["generate", "-p", "Once upon a time", .. greedy]);
        text.Out.Should().Be("Once upon a time" + plain.Out);
        CliResult chat = await _home.RunAsync("Once upon a time\n", ["chat", .. greedy]);
        chat.Error.Should().Contain("has no chat template");
        chat.Out.Should().Be(plain.Out);
    }

    [Fact]
    public async Task With_a_wrong_template_it_says_so()
    {
        (await _home.RunAsync("generate", "-m", model.Image, "--system", "x", "-p", "Hi")).ShouldFail(2, "--system", "--chat");
        (await _home.RunAsync("chat", "-m", model.Image, "--chat-template", _home.PathOf("none"))).ShouldFail(1, "none");
        File.WriteAllText(_home.PathOf("bad.jinja"), "\n{% include 'x' %}");
        (await _home.RunAsync("chat", "-m", model.Image, "--chat-template", _home.PathOf("bad.jinja")))
            .ShouldFail(1, "'include'", "line 2");
        File.WriteAllText(_home.PathOf("no.jinja"), "{{ raise_exception('No system messages here') }}");
        (await _home.RunAsync("Hi\n", ["chat", "-m", model.Image, "--chat-template", _home.PathOf("no.jinja")]))
            .ShouldFail(1, "No system messages here");
        (await ChatAsync("Hi\n", "--context", "513")).ShouldFail(1, "at most 512 tokens");
        (await _home.RunAsync([0xff, 0x0a], ["chat", "-m", model.Image, "--chat-template", Template()])).ShouldFail(1, "UTF-8");
    }

    [Fact]
    public async Task In_a_terminal_lines_are_typed_and_Ctrl_C_stops_the_answer_only()
    {
        Interrupts interrupts = new();
        Queue<ConsoleKeyInfo> keys = new([.. Typed("One."), Control(ConsoleKey.C), .. Typed("Two."), Enter, Control(ConsoleKey.D)]);
        // A thread of its own presses Ctrl-C as soon as there is something to stop: no queue of the thread pool delays it.
        Thread presser = new(() => SpinWait.SpinUntil(interrupts.TryHandle));
        presser.Start();
        _home.Change = surroundings => surroundings with
        {
            Keys = new TerminalKeys(keys.Dequeue, () => false, () => 80, () => new MemoryStream()),
            Interrupts = interrupts,
        };
        CliResult chat = await ChatAsync("", "-n", "400");
        chat.Code.Should().Be(0, "of {0}", chat.Error);
        presser.Join();
        chat.Error.Should().Contain("/help says").And.Contain("stopped");
        chat.Out.Should().Contain("> One.").And.Contain("> Two.");
        keys.Should().BeEmpty("Ctrl-D was read after the answer");
    }

    private static ConsoleKeyInfo Enter => new('\r', ConsoleKey.Enter, shift: false, alt: false, control: false);

    private static IEnumerable<ConsoleKeyInfo> Typed(string text) =>
        text.Select(c => new ConsoleKeyInfo(c, ConsoleKey.None, shift: false, alt: false, control: false));

    private static ConsoleKeyInfo Control(ConsoleKey key) => new('\0', key, shift: false, alt: false, control: true);

    private string Template()
    {
        string path = _home.PathOf("template.jinja");
        File.WriteAllText(path, "{% for m in messages %}{{ m.content }}|{% endfor %}");
        return path;
    }

    private Task<CliResult> ChatAsync(string lines, params string[] options) =>
        _home.RunAsync(lines, ["chat", "-m", model.Image, "--chat-template", Template(), "--temperature", "0", .. options]);

    private async Task<string> AnswerAsync(string prompt)
    {
        CliResult run = await _home.RunAsync("generate", "-m", model.Image, "-p", prompt, "-n", "8", "--temperature", "0");
        run.Code.Should().Be(0, "of {0}", run.Error);
        return run.Out[prompt.Length..].TrimEnd('\n');
    }
}
