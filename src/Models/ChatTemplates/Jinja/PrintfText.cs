using System.Globalization;
using System.Text;

namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>Python's "%" over text: %s %r %d %i %f %x %c %% with width and precision. Others are refused by name.</summary>
internal static class PrintfText
{
    public static string Format(string format, IReadOnlyList<object?> values)
    {
        StringBuilder text = new();
        int next = 0;
        for (int at = 0; at < format.Length; at++)
        {
            if (format[at] != '%')
            {
                text.Append(format[at]);
                continue;
            }
            int begin = at++;
            string flags = TakeWhile(format, ref at, c => c is '-' or '0' or '+' or ' ');
            string width = TakeWhile(format, ref at, char.IsAsciiDigit), precision = "";
            if (at < format.Length && format[at] == '.')
            {
                at++;
                precision = TakeWhile(format, ref at, char.IsAsciiDigit);
            }
            char kind = at < format.Length ? format[at] : throw new JinjaException("a format that ends in '%'");
            if (kind == '%')
            {
                text.Append('%');
                continue;
            }
            if (next == values.Count)
                throw new JinjaException("a format with more places than values");
            string value = One(kind, values[next++], precision.Length > 0 ? Number(precision) : null, format[begin..(at + 1)], flags);
            int columns = Number(width);
            text.Append(flags.Contains('-', StringComparison.Ordinal) ? value.PadRight(columns)
                : flags.Contains('0', StringComparison.Ordinal) && kind is 'd' or 'i' or 'f' or 'x' ? Zeroed(value, columns)
                : value.PadLeft(columns));
            RenderState.CheckLength(text.Length);
        }
        return next == values.Count ? text.ToString() : throw new JinjaException("a format with fewer places than values");
    }

    private static string One(char kind, object? value, int? precision, string whole, string flags)
    {
        string sign = flags.Contains('+', StringComparison.Ordinal) ? "+" : flags.Contains(' ', StringComparison.Ordinal) ? " " : "";
        switch (kind)
        {
            case 's' or 'r':
                string text = kind == 's' ? JinjaOperators.ToText(value) : JinjaOperators.Represent(value);
                return precision is { } length && length < text.Length ? text[..length] : text;
            case 'd' or 'i' when JinjaOperators.IsNumber(value):
                long integer = (long)Math.Truncate(JinjaOperators.ToDouble(value));
                integer = value is long exact ? exact : integer;
                return (integer >= 0 ? sign : "") + integer.ToString(CultureInfo.InvariantCulture);
            case 'f' when JinjaOperators.IsNumber(value):
                double number = JinjaOperators.ToDouble(value);
                return (number >= 0 ? sign : "") + number.ToString($"F{precision ?? 6}", CultureInfo.InvariantCulture);
            case 'x' when value is long hex and >= 0:
                return hex.ToString("x", CultureInfo.InvariantCulture);
            case 'c' when value is string { Length: 1 } character:
                return character;
            default:
                throw new JinjaException($"the format '{whole}' of {JinjaOperators.Describe(value)}, which is not supported");
        }
    }

    private static string Zeroed(string value, int columns)
    {
        int sign = value.Length > 0 && value[0] is '-' or '+' or ' ' ? 1 : 0;
        return value[..sign] + value[sign..].PadLeft(columns - sign, '0');
    }

    private static int Number(string digits)
    {
        if (digits.Length > 4)
            throw new JinjaException($"a format of {digits} characters");
        return digits.Length == 0 ? 0 : int.Parse(digits, CultureInfo.InvariantCulture);
    }

    private static string TakeWhile(string text, ref int at, Func<char, bool> takes)
    {
        int begin = at;
        while (at < text.Length && takes(text[at]))
            at++;
        return text[begin..at];
    }
}
