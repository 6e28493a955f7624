namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>
/// Cuts a template into tokens, with the whitespace control that transformers sets: trim_blocks (the line end behind a block is dropped)
/// and lstrip_blocks (spaces between a line's beginning and a block are dropped), "-" and "+" beside them, and one line end at the end of
/// the template dropped. Source: jinja2's lexer, whose rules these are.
/// </summary>
internal sealed class TemplateLexer
{
    private readonly string _source;
    private readonly List<JinjaToken> _tokens = [];
    private readonly LineCounter _lines;
    private int _at;
    private bool _isLineStart = true;

    private TemplateLexer(string source)
    {
        string lines = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        _source = lines.EndsWith('\n') ? lines[..^1] : lines;
        _lines = new LineCounter(_source);
    }

    /// <exception cref="JinjaException">A tag or a comment does not end, or holds what is no token.</exception>
    public static List<JinjaToken> Tokenize(string source)
    {
        TemplateLexer lexer = new(source);
        while (lexer.NextTag())
        {
        }
        lexer._tokens.Add(new JinjaToken(JinjaTokenKind.End, "", lexer._lines.Of(lexer._source.Length)));
        return lexer._tokens;
    }

    /// <summary>Takes the text up to the next tag, and the tag.</summary>
    private bool NextTag()
    {
        int begin = FindTag();
        if (begin < 0)
        {
            AddText(_source[_at..], _at);
            return false;
        }
        char kind = _source[begin + 1];
        int inside = begin + 2;
        char sign = inside < _source.Length && _source[inside] is '-' or '+' ? _source[inside++] : '\0';
        AddText(TextBefore(begin, sign, isOutput: kind == '{'), _at);
        if (kind == '#')
            SkipComment(begin, inside);
        else if (kind == '%' && RawBegin(inside) is { } raw)
            TakeRaw(begin, raw);
        else
            TakeTag(begin, inside, isOutput: kind == '{');
        return true;
    }

    private int FindTag()
    {
        for (int at = _at; (at = _source.IndexOf('{', at)) >= 0 && at + 1 < _source.Length; at++)
        {
            if (_source[at + 1] is '{' or '%' or '#')
                return at;
        }
        return -1;
    }

    private string TextBefore(int begin, char sign, bool isOutput)
    {
        string text = _source[_at..begin];
        if (sign == '-')
            return PythonText.TrimEnd(text);
        if (sign == '+' || isOutput)
            return text;
        int line = text.LastIndexOf('\n') + 1;
        bool isBlank = (line > 0 || _isLineStart) && PythonText.TrimEnd(text[line..]).Length == 0;
        return isBlank ? text[..line] : text;
    }

    private void SkipComment(int begin, int inside)
    {
        int end = _source.IndexOf("#}", inside, StringComparison.Ordinal);
        if (end < 0)
            throw new JinjaException("a comment '{#' without its '#}'", _lines.Of(begin));
        EndTag(end + 2, end > inside ? _source[end - 1] : '\0', isOutput: false);
    }

    /// <summary>What lies behind "raw %}" if this is the beginning of a raw block.</summary>
    private int? RawBegin(int inside)
    {
        int at = SkipSpace(inside);
        if (!At(at, "raw"))
            return null;
        at = SkipSpace(at + "raw".Length);
        return At(at, "-%}") ? SkipSpace(at + 3) : At(at, "%}") ? at + 2 : null;
    }

    private void TakeRaw(int begin, int text)
    {
        for (int at = text; (at = _source.IndexOf("{%", at, StringComparison.Ordinal)) >= 0; at += 2)
        {
            char sign = at + 2 < _source.Length ? _source[at + 2] : '\0';
            int end = SkipSpace(sign is '-' or '+' ? at + 3 : at + 2);
            if (!At(end, "endraw"))
                continue;
            end = SkipSpace(end + "endraw".Length);
            char endSign = end < _source.Length && _source[end] is '-' or '+' ? _source[end++] : '\0';
            if (!At(end, "%}"))
                continue;
            _at = text;
            AddText(TextBefore(at, sign, isOutput: false), text);
            EndTag(end + 2, endSign, isOutput: false);
            return;
        }
        throw new JinjaException("a block 'raw' without its 'endraw'", _lines.Of(begin));
    }

    private void TakeTag(int begin, int inside, bool isOutput)
    {
        int line = _lines.Of(begin);
        string end = isOutput ? "}}" : "%}";
        _tokens.Add(new JinjaToken(isOutput ? JinjaTokenKind.OutputBegin : JinjaTokenKind.BlockBegin, isOutput ? "{{" : "{%", line));
        ExpressionLexer lexer = new(_source, _lines, inside, end);
        lexer.TokenizeInto(_tokens, line);
        _tokens.Add(new JinjaToken(isOutput ? JinjaTokenKind.OutputEnd : JinjaTokenKind.BlockEnd, end, _lines.Of(lexer.EndBegin)));
        EndTag(lexer.EndBegin + 2, lexer.Sign, isOutput);
    }

    private void EndTag(int behind, char sign, bool isOutput)
    {
        int begin = behind;
        if (sign == '-')
            behind = SkipSpace(behind);
        else if (sign != '+' && !isOutput && behind < _source.Length && _source[behind] == '\n')
            behind++;
        _isLineStart = behind > begin && _source[behind - 1] == '\n';
        _at = behind;
    }

    private void AddText(string text, int begin)
    {
        if (text.Length > 0)
            _tokens.Add(new JinjaToken(JinjaTokenKind.Text, text, _lines.Of(begin)));
    }

    private bool At(int at, string text) => string.CompareOrdinal(_source, at, text, 0, text.Length) == 0;

    private int SkipSpace(int at)
    {
        while (at < _source.Length && PythonText.IsSpace(_source[at]))
            at++;
        return at;
    }
}

/// <summary>Says on which line a place is. Places are asked for in nearly ascending order.</summary>
internal sealed class LineCounter(string source)
{
    private int _at;
    private int _line = 1;

    public int Of(int at)
    {
        if (at < _at)
            (_at, _line) = (0, 1);
        _line += source.AsSpan(_at, at - _at).Count('\n');
        _at = at;
        return _line;
    }
}
