using Neuralink.Cli.Terminal;

namespace Neuralink.Cli.Tests.Terminal;

public sealed class LineEditorTests
{
    private readonly LineEditor _editor = new();

    public LineEditorTests() => _editor.Begin();

    [Fact]
    public void Arrows_and_deletions_edit_in_the_middle()
    {
        Type("helo world");
        Press(ConsoleKey.Home);
        Press(ConsoleKey.RightArrow, times: 3);
        Type("l");
        _editor.Text.Should().Be("hello world");
        Press(ConsoleKey.End);
        Press(ConsoleKey.W, isControl: true);
        _editor.Text.Should().Be("hello ");
        Press(ConsoleKey.Backspace);
        Press(ConsoleKey.LeftArrow, times: 2);
        Press(ConsoleKey.Delete);
        _editor.Text.Should().Be("helo");
        Press(ConsoleKey.K, isControl: true);
        _editor.Text.Should().Be("hel");
        Press(ConsoleKey.U, isControl: true);
        (_editor.Text, _editor.Cursor).Should().Be(("", 0));
        Press(ConsoleKey.LeftArrow);
        Press(ConsoleKey.RightArrow);
        Press(ConsoleKey.Backspace);
        Press(ConsoleKey.Delete);
        (_editor.Text, _editor.Cursor).Should().Be(("", 0));
    }

    [Fact]
    public void A_character_beyond_16_bits_is_one()
    {
        Type("a😀b");
        Press(ConsoleKey.LeftArrow, times: 2);
        _editor.Cursor.Should().Be(1);
        Press(ConsoleKey.RightArrow);
        _editor.Cursor.Should().Be(3);
        Press(ConsoleKey.Backspace);
        _editor.Text.Should().Be("ab");
    }

    [Fact]
    public void Earlier_lines_come_back_and_the_new_one_is_not_lost()
    {
        foreach (string line in (string[])["one", "two", "two"])
        {
            Type(line);
            Press(ConsoleKey.Enter).Should().Be(LineEdit.Submitted);
            _editor.Begin();
        }
        Type("new");
        Press(ConsoleKey.UpArrow);
        _editor.Text.Should().Be("two");
        Press(ConsoleKey.UpArrow, times: 3);
        _editor.Text.Should().Be("one");
        Press(ConsoleKey.DownArrow, times: 2);
        _editor.Text.Should().Be("new");
        Press(ConsoleKey.DownArrow);
        _editor.Text.Should().Be("new");
    }

    [Fact]
    public void A_pasted_line_end_is_text_and_the_last_one_submits()
    {
        Type("first");
        _editor.Press(Key(ConsoleKey.Enter), isPasted: true).Should().Be(LineEdit.Changed);
        Type("second");
        _editor.Press(new ConsoleKeyInfo('\r', ConsoleKey.Enter, shift: false, alt: true, control: false), isPasted: false)
            .Should().Be(LineEdit.Changed);
        Press(ConsoleKey.Enter).Should().Be(LineEdit.Submitted);
        _editor.Text.Should().Be("first\nsecond\n");
    }

    [Fact]
    public void Ctrl_C_gives_a_line_up_and_Ctrl_D_ends_on_an_empty_one_only()
    {
        Press(ConsoleKey.D, isControl: true).Should().Be(LineEdit.Ended);
        Type("x");
        Press(ConsoleKey.Home);
        Press(ConsoleKey.D, isControl: true).Should().Be(LineEdit.Changed);
        _editor.Text.Should().BeEmpty("it deletes what is under the cursor");
        Press(ConsoleKey.C, isControl: true).Should().Be(LineEdit.Abandoned);
    }

    [Theory]
    [InlineData("", 0, 0)]
    [InlineData("abc", 0, 3)]
    [InlineData("0123456789", 1, 0)]
    [InlineData("0123456789a", 1, 1)]
    [InlineData("ab\ncd", 1, 2)]
    [InlineData("漢字", 0, 4)]
    [InlineData("123456789漢", 1, 2)]
    [InlineData("e\u0301", 0, 1)]
    public void The_cursor_stands_where_the_terminal_has_it(string text, int row, int column) =>
        TerminalLine.Place(text, columns: 10).Should().Be((row, column));

    private static ConsoleKeyInfo Key(ConsoleKey key, bool isControl = false) =>
        new(key == ConsoleKey.Enter ? '\r' : '\0', key, shift: false, alt: false, isControl);

    private LineEdit Press(ConsoleKey key, bool isControl = false, int times = 1)
    {
        LineEdit edit = LineEdit.Changed;
        for (; times > 0; times--)
            edit = _editor.Press(Key(key, isControl), isPasted: false);
        return edit;
    }

    private void Type(string text)
    {
        foreach (char c in text)
            _editor.Press(new ConsoleKeyInfo(c, ConsoleKey.None, shift: false, alt: false, control: false), isPasted: false);
    }
}
