using System.Globalization;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Storage;

namespace Neuralink;

/// <summary>
/// Reads option values from texts, for command lines and configuration files alike. Only whether a text is such a value is decided here;
/// ranges belong to the options themselves. Words are in <see cref="OptionWords"/>.
/// </summary>
public static class ValueReaders
{
    public static bool Integer(string text, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    public static bool PositiveInteger(string text, out int value) => Integer(text, out value) && value > 0;

    public static bool Seed(string text, out ulong value) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    public static bool Number(string text, out float value) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite(value);

    public static bool Bytes(string text, out long value) => ByteSize.TryParse(text, out value);

    /// <summary>"relu", "fatrelu=0.01" and so on.</summary>
    public static bool Activation(string text, out Activation value) => ActivationNames.TryParse(text.ToLowerInvariant(), out value);

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
        bool isNumber = double.TryParse(
            text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
        bool isTime = isNumber && number * seconds < TimeSpan.MaxValue.TotalSeconds;     // false of what is no number
        value = isTime ? TimeSpan.FromSeconds(number * seconds) : default;
        return isTime;
    }

    /// <summary>"exact", "low-rank", "low-rank=FILE", "svd", "svd=FILE", "sketch", "sketch=BITS", "oracle=TRACE".</summary>
    public static bool Predictor(string text, out PredictorOptions value)
    {
        (string name, string? of) = text.IndexOf('=', StringComparison.Ordinal) is > 0 and int at
            ? (text[..at], text[(at + 1)..])
            : (text, null);
        int bits = 0;
        PredictorOptions? read = (name, of) switch
        {
            ("exact", null) => PredictorOptions.Exact,
            ("low-rank", null or { Length: > 0 }) => new PredictorOptions { Kind = PredictorKind.LowRank, Path = of },
            ("svd", null or { Length: > 0 }) => new PredictorOptions { Kind = PredictorKind.Svd, Path = of },
            ("sketch", null) => new PredictorOptions { Kind = PredictorKind.Sketch },
            ("sketch", { } number) when Integer(number, out bits) => new PredictorOptions { Kind = PredictorKind.Sketch, Bits = bits },
            ("oracle", { Length: > 0 }) => new PredictorOptions { Kind = PredictorKind.Oracle, Path = of },
            _ => null,
        };
        value = read ?? PredictorOptions.Exact;
        return read is not null;
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
