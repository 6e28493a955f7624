using System.Globalization;
using System.Text;

namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>Cuts what lies between a tag's beginning and its end into tokens.</summary>
/// <param name="source">The template.</param>
/// <param name="lines">Its lines.</param>
/// <param name="begin">Where the tag's inside begins.</param>
/// <param name="end">"}}" or "%}"; inside of brackets it does not end the tag.</param>
internal sealed class ExpressionLexer(string source, LineCounter lines, int begin, string end)
{
    // Longer ones first.
    private static readonly string[] s_operators =
    [
        "//", "**", "==", "!=", ">=", "<=",
        "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
    ];

    private readonly Stack<char> _open = [];
    private int _at = begin;

    /// <summary>Where the end lies.</summary>
    public int EndBegin { get; private set; }

    /// <summary>The sign before the end: '-' or '+' or 0.</summary>
    public char Sign { get; private set; }

    /// <param name="tokens">Takes the tokens.</param>
    /// <param name="tagLine">Where the tag begins, for messages.</param>
    public void TokenizeInto(List<JinjaToken> tokens, int tagLine)
    {
        while (true)
        {
            while (_at < source.Length && PythonText.IsSpace(source[_at]))
                _at++;
            if (_at >= source.Length)
                throw new JinjaException($"a tag without its '{end}'", tagLine);
            if (_open.Count == 0 && FindEnd())
                return;
            tokens.Add(Next());
        }
    }

    private bool FindEnd()
    {
        bool isSigned = source[_at] is '-' || (source[_at] is '+' && end == "%}");
        int at = isSigned ? _at + 1 : _at;
        if (string.CompareOrdinal(source, at, end, 0, end.Length) != 0)
            return false;
        (EndBegin, Sign) = (at, isSigned ? source[_at] : '\0');
        return true;
    }

    private JinjaToken Next()
    {
        int line = lines.Of(_at);
        char c = source[_at];
        if (c is '\'' or '"')
            return new JinjaToken(JinjaTokenKind.String, QuotedText(line), line);
        if (char.IsAsciiDigit(c))
            return Number(line);
        if (c == '_' || char.IsLetter(c))
            return new JinjaToken(JinjaTokenKind.Name, TakeWhile(x => x == '_' || char.IsLetterOrDigit(x)), line);
        string text = s_operators.FirstOrDefault(o => string.CompareOrdinal(source, _at, o, 0, o.Length) == 0)
            ?? throw new JinjaException($"the character '{c}', which begins nothing", line);
        Balance(text[0], line);
        _at += text.Length;
        return new JinjaToken(JinjaTokenKind.Operator, text, line);
    }

    private void Balance(char c, int line)
    {
        if (c is '(' or '[' or '{')
        {
            _open.Push(c == '(' ? ')' : c == '[' ? ']' : '}');
        }
        else if (c is ')' or ']' or '}')
        {
            if (!_open.TryPop(out char expected) || expected != c)
                throw new JinjaException($"'{c}' that closes nothing", line);
        }
    }

    private JinjaToken Number(int line)
    {
        string text = TakeWhile(c => char.IsAsciiDigit(c) || c == '_');
        bool isFloat = false;
        if (_at + 1 < source.Length && source[_at] == '.' && char.IsAsciiDigit(source[_at + 1]))
        {
            _at++;
            text += "." + TakeWhile(c => char.IsAsciiDigit(c) || c == '_');
            isFloat = true;
        }
        int digits = _at < source.Length && source[_at] is 'e' or 'E' ? _at + 1 : source.Length;
        if (digits < source.Length && source[digits] is '+' or '-')
            digits++;
        if (digits < source.Length && char.IsAsciiDigit(source[digits]))
        {
            text += source[_at..digits];
            _at = digits;
            text += TakeWhile(char.IsAsciiDigit);
            isFloat = true;
        }
        if (_at < source.Length && (char.IsLetter(source[_at]) || source[_at] == '_'))
            throw new JinjaException($"the number {text}{source[_at]}, which is none", line);
        text = text.Replace("_", "", StringComparison.Ordinal);
        if (!isFloat && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            throw new JinjaException($"the number {text}, beyond 64 bits", line);
        return new JinjaToken(isFloat ? JinjaTokenKind.Float : JinjaTokenKind.Integer, text, line);
    }

    private string TakeWhile(Func<char, bool> takes)
    {
        int first = _at;
        while (_at < source.Length && takes(source[_at]))
            _at++;
        return source[first.._at];
    }

    private string QuotedText(int line)
    {
        char quote = source[_at++];
        StringBuilder text = new();
        while (_at < source.Length && source[_at] != quote)
        {
            if (source[_at] == '\\' && _at + 1 < source.Length)
                Escape(text, line);
            else
                text.Append(source[_at++]);
        }
        if (_at >= source.Length)
            throw new JinjaException("a string without its end", line);
        _at++;
        return text.ToString();
    }

    /// <summary>Python's escapes; of others, both characters stay.</summary>
    private void Escape(StringBuilder text, int line)
    {
        char c = source[_at + 1];
        _at += 2;
        const string Letters = "\\'\"abfnrtv", Meant = "\\'\"\a\b\f\n\r\t\v";
        int known = Letters.IndexOf(c, StringComparison.Ordinal);
        if (known >= 0)
            text.Append(Meant[known]);
        else if (c is 'x' or 'u' or 'U')
            AppendCode(text, Digits(c == 'x' ? 2 : c == 'u' ? 4 : 8, 16, line), line);
        else if (c is >= '0' and <= '7')
            AppendOctal(text);
        else if (c == 'N')
            throw new JinjaException("the escape \\N, a character by its name, which is not supported", line);
        else if (c != '\n')
            text.Append('\\').Append(c);
    }

    private int Digits(int count, int radix, int line)
    {
        string digits = _at + count <= source.Length ? source.Substring(_at, count) : "";
        if (digits.Length != count || !digits.All(char.IsAsciiHexDigit))
            throw new JinjaException($"an escape without its {count} digits", line);
        _at += count;
        return (int)Math.Min(Convert.ToInt64(digits, radix), int.MaxValue);
    }

    private void AppendOctal(StringBuilder text)
    {
        int value = 0;
        _at--;
        for (int i = 0; i < 3 && _at < source.Length && source[_at] is >= '0' and <= '7'; i++)
            value = (value * 8) + (source[_at++] - '0');
        text.Append((char)value);
    }

    private static void AppendCode(StringBuilder text, int code, int line)
    {
        if (code > 0x10FFFF)
            throw new JinjaException($"an escape of character {code:x}, which is none", line);
        if (code < 0x10000)
            text.Append((char)code);
        else
            text.Append(new Rune(code));
    }
}
