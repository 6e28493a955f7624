using System.Globalization;
using Neuralink.Actors;
using Neuralink.Storage;

namespace Neuralink.Cli.Terminal;

/// <summary>Reads option values. Only whether a text is such a value is decided here; ranges belong to the engine's own options.</summary>
internal static class ValueReaders
{
    public static bool Integer(string text, out int value) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    public static bool PositiveInteger(string text, out int value) => Integer(text, out value) && value > 0;

    public static bool Seed(string text, out ulong value) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    public static bool Number(string text, out float value) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite(value);

    public static bool Bytes(string text, out long value) => ByteSize.TryParse(text, out value);

    /// <summary>"20s", "300ms", "5m", "1h"; a bare number is seconds.</summary>
    public static bool Duration(string text, out TimeSpan value)
    {
        string unit = text.TrimStart([.. "0123456789."]);
        double seconds = unit switch
        {
            "ms" => 1e-3,
            "" or "s" => 1,
            "m" or "min" => 60,
            "h" => 3600,
            _ => double.NaN,
        };
        bool isNumber = double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        bool isTime = isNumber && number * seconds < TimeSpan.MaxValue.TotalSeconds;     // false of what is no number
        value = isTime ? TimeSpan.FromSeconds(number * seconds) : default;
        return isTime;
    }

    /// <summary>"10%" and "0.1" are shares; bytes have a unit, so that nothing is both.</summary>
    public static bool Cache(string text, out CacheSize value)
    {
        bool isPercent = text.EndsWith('%');
        if (double.TryParse(isPercent ? text[..^1] : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
        {
            value = CacheSize.OfShare(isPercent ? number / 100 : number);
            return value.Share <= 1;
        }
        bool isBytes = Bytes(text, out long bytes);
        value = CacheSize.OfBytes(bytes);
        return isBytes;
    }
}
