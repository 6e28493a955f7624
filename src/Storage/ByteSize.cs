using System.Globalization;

namespace Neuralink.Storage;

/// <summary>Byte counts as people read and write them, in powers of 1024.</summary>
public static class ByteSize
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>E.g. "12.5 MiB".</summary>
    public static string Format(double bytes)
    {
        int unit = 0;
        while (Math.Abs(bytes) >= 1024 && unit < s_units.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }
        return string.Create(CultureInfo.InvariantCulture, $"{bytes:0.##} {s_units[unit]}");
    }

    /// <summary>Reads "64MiB", "1.5 GiB", "512K", "1000000"; K, KB and KiB are all 1024.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        string trimmed = text.Trim();
        int digits = 0;
        while (digits < trimmed.Length && (char.IsAsciiDigit(trimmed[digits]) || trimmed[digits] == '.'))
            digits++;
        bytes = 0;
        int power = trimmed[digits..].Trim().ToUpperInvariant() switch
        {
            "" or "B" => 0,
            "K" or "KB" or "KIB" => 1,
            "M" or "MB" or "MIB" => 2,
            "G" or "GB" or "GIB" => 3,
            "T" or "TB" or "TIB" => 4,
            _ => -1,
        };
        if (power < 0
            || !double.TryParse(trimmed[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
        {
            return false;
        }
        double value = number * Math.Pow(1024, power);
        if (value >= long.MaxValue)
            return false;
        bytes = (long)value;
        return true;
    }
}
