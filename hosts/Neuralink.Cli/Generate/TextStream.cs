namespace Neuralink.Cli.Generate;

/// <summary>The text as it grows, each piece visible at once.</summary>
internal sealed class TextStream(TextWriter writer)
{
    private bool _isAtLineStart = true;

    public void Write(string text)
    {
        if (text.Length == 0)
            return;
        writer.Write(text);
        writer.Flush();
        _isAtLineStart = text[^1] == '\n';
    }

    /// <summary>Ends the last line, so that what follows in a terminal begins its own.</summary>
    public void EndLine()
    {
        if (!_isAtLineStart)
            Write("\n");
    }
}
