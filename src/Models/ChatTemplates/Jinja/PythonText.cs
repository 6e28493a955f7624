using System.Globalization;
using System.Text;

namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>What Python says about text, where it differs from .NET: templates are written for it.</summary>
internal static class PythonText
{
    /// <summary>str.isspace of one character.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>str.strip, lstrip and rstrip: of whitespace, or of any of <paramref name="chars"/>.</summary>
    public static string Trim(string text, string? chars, bool atStart, bool atEnd)
    {
        int begin = 0, end = text.Length;
        while (atStart && begin < end && IsTrimmed(text[begin]))
            begin++;
        while (atEnd && end > begin && IsTrimmed(text[end - 1]))
            end--;
        return text[begin..end];

        bool IsTrimmed(char c) => chars is null ? IsSpace(c) : chars.Contains(c, StringComparison.Ordinal);
    }

    public static string TrimEnd(string text) => Trim(text, chars: null, atStart: false, atEnd: true);

    /// <summary>str.split(): by runs of whitespace, at most so many times.</summary>
    public static List<string> SplitBySpace(string text, long timesMax)
    {
        List<string> words = [];
        int at = 0;
        while (true)
        {
            while (at < text.Length && IsSpace(text[at]))
                at++;
            if (at == text.Length)
                return words;
            int begin = at;
            if (words.Count == timesMax)
            {
                words.Add(TrimEnd(text[begin..]));
                return words;
            }
            while (at < text.Length && !IsSpace(text[at]))
                at++;
            words.Add(text[begin..at]);
        }
    }

    /// <summary>str.splitlines.</summary>
    public static List<string> SplitLines(string text, bool keepEnds = false)
    {
        List<string> lines = [];
        for (int at = 0; at < text.Length;)
        {
            int end = at;
            while (end < text.Length && !IsLineEnd(text[end]))
                end++;
            int next = end < text.Length ? end + 1 : end;
            if (next < text.Length && text[end] == '\r' && text[next] == '\n')
                next++;
            lines.Add(text[at..(keepEnds ? next : end)]);
            at = next;
        }
        return lines;

        static bool IsLineEnd(char c) => c is '\n' or '\r' or '\v' or '\f' or (>= '\x1c' and <= '\x1e') or '\x85' or '\u2028' or '\u2029';
    }

    /// <summary>The code points, each as a text: what Python counts, indexes and iterates.</summary>
    public static List<string> Characters(string text)
    {
        List<string> characters = new(text.Length);
        for (int at = 0; at < text.Length;)
        {
            int length = char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;
            characters.Add(text.Substring(at, length));
            at += length;
        }
        return characters;
    }

    /// <summary>len(text).</summary>
    public static int Length(string text)
    {
        int pairs = 0;
        for (int at = 1; at < text.Length; at++)
        {
            if (char.IsLowSurrogate(text[at]) && char.IsHighSurrogate(text[at - 1]))
                pairs++;
        }
        return text.Length - pairs;
    }

    public static string Capitalize(string text) =>
        text.Length == 0 ? text : string.Concat(text[..1].ToUpperInvariant(), text[1..].ToLowerInvariant());

    /// <summary>str.title: a letter behind anything but a letter is upper case, and others are lower case.</summary>
    public static string Title(string text)
    {
        StringBuilder result = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool begins = i == 0 || !char.IsLetter(text[i - 1]);
            result.Append(begins ? char.ToUpperInvariant(text[i]) : char.ToLowerInvariant(text[i]));
        }
        return result.ToString();
    }

    /// <summary>repr(text): in single quotes, unless there are only those inside.</summary>
    public static string Quoted(string text)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        StringBuilder result = new(text.Length + 2);
        result.Append(quote);
        foreach (char c in text)
        {
            _ = c switch
            {
                '\\' => result.Append(@"\\"),
                '\n' => result.Append(@"\n"),
                '\r' => result.Append(@"\r"),
                '\t' => result.Append(@"\t"),
                _ when c == quote => result.Append('\\').Append(c),
                _ when c < ' ' || c is >= '\x7f' and <= '\xa0' or '\xad' => result.Append($"\\x{(int)c:x2}"),
                _ => result.Append(c),
            };
        }
        return result.Append(quote).ToString();
    }

    /// <summary>repr(value): the shortest digits that give the same number, with an exponent below 1e-4 and from 1e16 on.</summary>
    public static string Number(double value)
    {
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        if (value == 0)
            return double.IsNegative(value) ? "-0.0" : "0.0";
        string shortest = Math.Abs(value).ToString("E16", CultureInfo.InvariantCulture);
        for (int precision = 0; precision < 17; precision++)
        {
            string candidate = Math.Abs(value).ToString($"E{precision}", CultureInfo.InvariantCulture);
            if (double.Parse(candidate, CultureInfo.InvariantCulture) == Math.Abs(value))
            {
                shortest = candidate;
                break;
            }
        }
        int mark = shortest.IndexOf('E', StringComparison.Ordinal);
        int exponent = int.Parse(shortest[(mark + 1)..], CultureInfo.InvariantCulture);
        string digits = shortest[..mark].Replace(".", "", StringComparison.Ordinal), sign = value < 0 ? "-" : "";
        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? $".{digits[1..]}" : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }
        if (exponent < 0)
            return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        digits = digits.PadRight(exponent + 2, '0');
        return $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }
}
