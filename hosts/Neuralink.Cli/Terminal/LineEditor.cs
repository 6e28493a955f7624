using System.Text;

namespace Neuralink.Cli.Terminal;

/// <summary>What a key did to a line.</summary>
internal enum LineEdit
{
    /// <summary>It may look otherwise now.</summary>
    Changed,

    /// <summary>It is complete.</summary>
    Submitted,

    /// <summary>There will be no more lines (Ctrl-D on an empty one).</summary>
    Ended,

    /// <summary>It was given up (Ctrl-C).</summary>
    Abandoned,
}

/// <summary>
/// A line being typed, and those typed before it. Knows nothing of a terminal: keys come in, and text and cursor are there to be shown.
/// Left, right, home, end, backspace, delete and Ctrl-A E U K W move and delete; up and down bring earlier lines. A line end that is pasted
/// is part of the line, as Alt-Enter is.
/// </summary>
internal sealed class LineEditor
{
    private readonly StringBuilder _text = new();
    private readonly List<string> _history = [];
    private int _shown;              // of the history; its length is the new line
    private string _unsent = "";     // the new line, while an earlier one is shown

    public string Text => _text.ToString();

    /// <summary>The place in <see cref="Text"/> that the next character goes to.</summary>
    public int Cursor { get; private set; }

    /// <summary>Begins a new line.</summary>
    public void Begin()
    {
        _text.Clear();
        Cursor = 0;
        _shown = _history.Count;
    }

    /// <param name="key">What was pressed.</param>
    /// <param name="isPasted">Whether more was there at once behind it: a paste, whose line ends are text.</param>
    public LineEdit Press(ConsoleKeyInfo key, bool isPasted)
    {
        bool isControl = key.Modifiers.HasFlag(ConsoleModifiers.Control), isAlt = key.Modifiers.HasFlag(ConsoleModifiers.Alt);
        switch (key.Key)
        {
            case ConsoleKey.Enter when isPasted || isAlt:
                Insert("\n");
                break;
            case ConsoleKey.Enter:
                return Submit();
            case ConsoleKey.C when isControl:
                return LineEdit.Abandoned;
            case ConsoleKey.D when isControl && _text.Length == 0:
                return LineEdit.Ended;
            case ConsoleKey.UpArrow:
                Show(_shown - 1);
                break;
            case ConsoleKey.DownArrow:
                Show(_shown + 1);
                break;
            default:
                if (!Move(key.Key, isControl) && !Delete(key.Key, isControl) && (key.KeyChar >= ' ' || key.KeyChar == '\t'))
                    Insert(key.KeyChar.ToString());
                break;
        }
        return LineEdit.Changed;
    }

    private LineEdit Submit()
    {
        if (_text.Length > 0 && (_history.Count == 0 || _history[^1] != Text))
            _history.Add(Text);
        return LineEdit.Submitted;
    }

    private void Insert(string text)
    {
        _text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    private bool Move(ConsoleKey key, bool isControl)
    {
        int? to = key switch
        {
            ConsoleKey.LeftArrow => Before(Cursor),
            ConsoleKey.RightArrow => Behind(Cursor),
            ConsoleKey.Home => 0,
            ConsoleKey.End => _text.Length,
            ConsoleKey.B when isControl => Before(Cursor),
            ConsoleKey.F when isControl => Behind(Cursor),
            ConsoleKey.A when isControl => 0,
            ConsoleKey.E when isControl => _text.Length,
            _ => null,
        };
        Cursor = to ?? Cursor;
        return to is not null;
    }

    private bool Delete(ConsoleKey key, bool isControl)
    {
        (int begin, int end)? range = key switch
        {
            ConsoleKey.Backspace => (Before(Cursor), Cursor),
            ConsoleKey.H when isControl => (Before(Cursor), Cursor),
            ConsoleKey.Delete => (Cursor, Behind(Cursor)),
            ConsoleKey.D when isControl => (Cursor, Behind(Cursor)),
            ConsoleKey.U when isControl => (0, Cursor),
            ConsoleKey.K when isControl => (Cursor, _text.Length),
            ConsoleKey.W when isControl => (WordBefore(Cursor), Cursor),
            _ => null,
        };
        if (range is not (var begin, var end))
            return false;
        _text.Remove(begin, end - begin);
        Cursor = begin;
        return true;
    }

    private void Show(int index)
    {
        if (index < 0 || index > _history.Count)
            return;
        if (_shown == _history.Count)
            _unsent = Text;
        _shown = index;
        _text.Clear().Append(index == _history.Count ? _unsent : _history[index]);
        Cursor = _text.Length;
    }

    // A character beyond 16 bits is two here, and one to its reader.
    private int Before(int at) => at < 2 || !char.IsLowSurrogate(_text[at - 1]) ? Math.Max(0, at - 1) : at - 2;

    private int Behind(int at) =>
        at + 1 < _text.Length && char.IsHighSurrogate(_text[at]) ? at + 2 : Math.Min(_text.Length, at + 1);

    private int WordBefore(int at)
    {
        while (at > 0 && char.IsWhiteSpace(_text[at - 1]))
            at--;
        while (at > 0 && !char.IsWhiteSpace(_text[at - 1]))
            at--;
        return at;
    }
}
