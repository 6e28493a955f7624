using Neuralink.Storage;

namespace Neuralink.Cli.Generate;

/// <summary>The text as it grows, each piece visible at once.</summary>
internal sealed class TextStream(TextWriter writer)
{
    private bool _isAtLineStart = true;

    public void Write(string text)
    {
        if (text.Length == 0)
            return;
        _isAtLineStart = true;      // where this fails, there is no line to end
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

    /// <summary>The same after an error, which another one here must not hide.</summary>
    public void TryEndLine()
    {
        try
        {
            EndLine();
        }
        catch (Exception error) when (error is IOException or NeuralinkException)
        {
            // What cannot be written now could not be written before, or does not matter any more.
        }
    }
}
