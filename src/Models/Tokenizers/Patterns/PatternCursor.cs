using System.Globalization;
using System.Text;

namespace Neuralink.Models.Tokenizers.Patterns;

/// <summary>Reads a pattern's text, code point by code point, and the escapes that stand for one.</summary>
internal sealed class PatternCursor(string pattern)
{
    private readonly Rune[] _runes = [.. pattern.EnumerateRunes()];
    private int _at;

    public bool AtEnd => _at == _runes.Length;

    public int Position
    {
        get => _at;
        set => _at = value;
    }

    /// <summary>The next code point, or -1 at the end.</summary>
    public int Peek(int ahead = 0) => _at + ahead < _runes.Length ? _runes[_at + ahead].Value : -1;

    public int Take() => AtEnd ? throw new PatternException("an unfinished pattern") : _runes[_at++].Value;

    public bool TakeIf(char expected)
    {
        if (Peek() != expected)
            return false;
        _at++;
        return true;
    }

    /// <summary>Takes <paramref name="expected"/> if the text goes on with it.</summary>
    public bool TakeIf(string expected)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            if (Peek(i) != expected[i])
                return false;
        }
        _at += expected.Length;
        return true;
    }

    /// <summary>The text before the next <paramref name="end"/>, which is taken too.</summary>
    public string TakeUntil(char end)
    {
        StringBuilder text = new();
        while (!AtEnd)
        {
            Rune rune = _runes[_at++];
            if (rune.Value == end)
                return text.ToString();
            text.Append(rune);
        }
        throw new PatternException($"no '{end}' after \"{text}\"");
    }

    /// <summary>Decimal digits, or null where there is none.</summary>
    public int? TakeNumber()
    {
        const int numberMax = 100_000;                              // Oniguruma's own limit of a repetition
        int? number = null;
        while (Peek() is >= '0' and <= '9')
        {
            number = ((number ?? 0) * 10) + Take() - '0';
            if (number > numberMax)
                throw new PatternException($"a number over {numberMax}");
        }
        return number;
    }

    /// <summary>
    /// The code point of an escape whose backslash and <paramref name="letter"/> have been read: a control character, a number, or the
    /// character itself.
    /// </summary>
    public int EscapedCodePoint(int letter) => letter switch
    {
        't' => '\t',
        'v' => '\v',
        'n' => '\n',
        'r' => '\r',
        'f' => '\f',
        'a' => '\a',
        'e' => '\e',
        'x' => Hexadecimal(),
        'u' => Number(Digits(4, 4, 16), 16),
        'o' when TakeIf('{') => Braced(8),
        >= '0' and <= '7' => Octal(letter),
        'c' or 'C' or 'M' => throw new PatternException($"the control escape \\{(char)letter}"),
        >= 'a' and <= 'z' or >= 'A' and <= 'Z' or '8' or '9' => throw new PatternException($"the escape \\{(char)letter}"),
        _ => letter,
    };

    private int Hexadecimal()
    {
        if (TakeIf('{'))
            return Braced(16);
        string digits = Digits(0, 2, 16);
        return Ascii(digits.Length == 0 ? 0 : Number(digits, 16));
    }

    private int Octal(int first)
    {
        string digits = (char)first + Digits(0, 2, 8);
        return Ascii(Convert.ToInt32(digits, 8));
    }

    // A byte from 0x80 on is part of a character's UTF-8, not a character.
    private static int Ascii(int value) => value < 0x80 ? value : throw new PatternException($"the byte 0x{value:X2} written as an escape");

    private int Braced(int numberBase)
    {
        string digits = TakeUntil('}');
        return digits.Length is > 0 and <= 11 && digits.All(digit => IsDigit(digit, numberBase))
            ? Number(digits, numberBase)
            : throw new PatternException($"\\x{{{digits}}}, which is no one code point");
    }

    private static int Number(string digits, int numberBase)
    {
        long value = digits.Aggregate(0L, (sum, digit) => (sum * numberBase) + Convert.ToInt32(digit.ToString(), 16));
        return Rune.IsValid((int)Math.Min(value, int.MaxValue))
            ? (int)value
            : throw new PatternException(string.Create(CultureInfo.InvariantCulture, $"the number 0x{value:X}, which is no character"));
    }

    private string Digits(int min, int max, int numberBase)
    {
        StringBuilder digits = new();
        while (digits.Length < max && Peek() is >= 0 and < 0x80 && IsDigit((char)Peek(), numberBase))
            digits.Append((char)Take());
        return digits.Length >= min ? digits.ToString() : throw new PatternException($"an escape with fewer than {min} digits");
    }

    private static bool IsDigit(char digit, int numberBase) => numberBase == 16 ? char.IsAsciiHexDigit(digit) : digit is >= '0' and <= '7';
}

/// <summary>Why a pattern is refused; the message says what was found.</summary>
internal sealed class PatternException(string found) : Exception(found);
