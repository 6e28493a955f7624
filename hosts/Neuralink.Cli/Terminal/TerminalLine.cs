using System.Globalization;
using System.Text;

namespace Neuralink.Cli.Terminal;

/// <summary>Shows a line being edited on a terminal, over as many rows as it takes.</summary>
/// <param name="output">The terminal.</param>
/// <param name="prompt">Stands before the line.</param>
/// <param name="width">Columns of the terminal.</param>
internal sealed class TerminalLine(TextWriter output, string prompt, Func<int> width)
{
    private int _cursorRow;      // below the first row, where the terminal's cursor is

    /// <summary>Draws the line where the one before was.</summary>
    /// <param name="text">The line.</param>
    /// <param name="cursor">The place of the cursor in it.</param>
    public void Draw(string text, int cursor)
    {
        int columns = Math.Max(2, width());
        StringBuilder drawing = new();
        if (_cursorRow > 0)
            drawing.Append($"\x1b[{_cursorRow}A");
        drawing.Append("\r\x1b[J").Append(prompt).Append(text.Replace("\n", "\r\n", StringComparison.Ordinal));
        (int endRow, int endColumn) = Place(prompt + text, columns);
        if (endColumn == 0 && endRow > 0 && !text.EndsWith('\n'))
            drawing.Append("\r\n");      // a terminal goes to the next row only with the next character
        (_cursorRow, int column) = Place(prompt + text[..cursor], columns);
        if (endRow > _cursorRow)
            drawing.Append($"\x1b[{endRow - _cursorRow}A");
        drawing.Append('\r');
        if (column > 0)
            drawing.Append($"\x1b[{column}C");
        output.Write(drawing.ToString());
        output.Flush();
    }

    /// <summary>The line is done: what follows begins below it.</summary>
    public void End(string text)
    {
        Draw(text, text.Length);
        output.Write("\r\n");
        output.Flush();
        _cursorRow = 0;
    }

    /// <summary>Row and column behind a text that begins at the left edge.</summary>
    internal static (int Row, int Column) Place(string text, int columns)
    {
        int row = 0, column = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            int cells = CellsOf(rune);
            if (rune.Value == '\n' || column + cells > columns)
                (row, column) = (row + 1, 0);
            column += cells;
            if (column == columns)
                (row, column) = (row + 1, 0);
        }
        return (row, column);
    }

    // 2 of East Asian scripts and of emoji, none of what combines with the character before. The blocks of Unicode's East Asian Width.
    private static int CellsOf(Rune rune)
    {
        if (rune.Value == '\n')
            return 0;
        if (rune.Value == '\t')
            return 1;
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format)
            return 0;
        bool isWide = rune.Value is >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0xA4CF or >= 0xAC00 and <= 0xD7A3 or >= 0xF900 and <= 0xFAFF
            or >= 0xFE30 and <= 0xFE6F or >= 0xFF00 and <= 0xFF60 or >= 0xFFE0 and <= 0xFFE6 or >= 0x1F300 and <= 0x1FAFF
            or >= 0x20000 and <= 0x3FFFD;
        return isWide ? 2 : 1;
    }
}
