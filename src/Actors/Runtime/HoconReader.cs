namespace Neuralink.Actors.Runtime;

/// <summary>
/// Reads the part of HOCON that settings need: nested objects, dotted keys, '=' or ':', quoted or bare values, comments. Ends of lines
/// and commas separate.
/// </summary>
internal sealed class HoconReader(string text)
{
    private const string Delimiters = "{}=:,\"";
    private int position;

    /// <summary>All settings, in order, each with its whole dotted key.</summary>
    /// <exception cref="ConfigurationException">The text is malformed; the message gives the line.</exception>
    public IEnumerable<(string Key, string Value)> ReadAll()
    {
        var outer = new Stack<string>();
        var prefix = string.Empty;
        while (SkipSeparators())
        {
            if (TryTake('}'))
            {
                if (!outer.TryPop(out var enclosing))
                    throw Malformed("a '}' that closes nothing");
                prefix = enclosing;
                continue;
            }

            var key = prefix + ReadToken("key");
            SkipBlanks();
            var assigned = TryTake('=') || TryTake(':');
            SkipBlanks();
            if (TryTake('{'))
            {
                outer.Push(prefix);
                prefix = key + ".";
            }
            else if (assigned)
            {
                yield return (key, ReadToken($"value of [{key}]"));
            }
            else
            {
                throw Malformed($"no '=' or '{{' after [{key}]");
            }
        }

        if (outer.Count > 0)
            throw Malformed($"the end inside of [{prefix.TrimEnd('.')}]");
    }

    private bool SkipSeparators()
    {
        while (position < text.Length)
        {
            if (text[position] == '#' || text.AsSpan(position).StartsWith("//", StringComparison.Ordinal))
                SkipLine();
            else if (char.IsWhiteSpace(text[position]) || text[position] == ',')
                position++;
            else
                return true;
        }

        return false;
    }

    private void SkipLine()
    {
        while (position < text.Length && text[position] != '\n')
            position++;
    }

    private void SkipBlanks()
    {
        while (position < text.Length && text[position] is ' ' or '\t')
            position++;
    }

    private bool TryTake(char expected)
    {
        if (position >= text.Length || text[position] != expected)
            return false;
        position++;
        return true;
    }

    private string ReadToken(string expected)
    {
        if (TryTake('"'))
            return ReadQuoted();
        var start = position;
        while (position < text.Length && !EndsToken(text[position]))
            position++;
        return position > start ? text[start..position] : throw Malformed($"no {expected}");
    }

    private static bool EndsToken(char c) => char.IsWhiteSpace(c) || Delimiters.Contains(c, StringComparison.Ordinal);

    private string ReadQuoted()
    {
        var end = text.IndexOfAny(['"', '\n'], position);
        if (end < 0 || text[end] != '"')
            throw Malformed("a '\"' without its partner");
        var token = text[position..end];
        position = end + 1;
        return token;
    }

    private ConfigurationException Malformed(string found)
    {
        var line = 1 + text.AsSpan(0, Math.Min(position, text.Length)).Count('\n');
        return new ConfigurationException($"Malformed configuration in line {line}: {found}.");
    }
}
