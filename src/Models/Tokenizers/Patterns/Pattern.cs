namespace Neuralink.Models.Tokenizers.Patterns;

/// <summary>
/// A regular expression as Hugging Face's tokenizers read it, over Unicode code points. It is matched by a small matcher of its own and not
/// by .NET's: that one sees UTF-16 code units, so a character outside the Basic Multilingual Plane is two and has no category, and its ^,
/// $, options, case folding and classes differ from Oniguruma's without either calling it an error. Thread safety: immutable.
/// </summary>
internal sealed class Pattern : TextMatcher
{
    private readonly PatternProgram _program;

    private Pattern(PatternProgram program)
    {
        _program = program;
    }

    /// <param name="pattern">As it stands in the file.</param>
    /// <param name="retriesMax">Choices taken back for one match at most.</param>
    /// <exception cref="PatternException">It is malformed or uses what is not supported.</exception>
    public static Pattern Parse(string pattern, int retriesMax = PatternMatcher.RetriesMax) =>
        new(PatternCompiler.Compile(PatternParser.Parse(pattern)) with { RetriesMax = retriesMax });

    /// <inheritdoc/>
    /// <remarks>An empty match right behind the one before is none.</remarks>
    /// <exception cref="Storage.NeuralinkException">The pattern tries too much.</exception>
    public override void FindAll(ReadOnlySpan<char> text, List<Range> matches)
    {
        PatternMatcher matcher = new(_program, text);
        int from = 0;
        int? lastEnd = null;
        while (from <= text.Length && matcher.Find(from, out int start, out int end))
        {
            if (start == end && lastEnd == end)
            {
                from += from + 1 < text.Length && char.IsSurrogatePair(text[from], text[from + 1]) ? 2 : 1;
                continue;
            }
            from = end;
            lastEnd = end;
            matches.Add(start..end);
        }
    }
}
