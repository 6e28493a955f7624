using System.Globalization;

namespace Neuralink.Studies.Reports;

/// <summary>Numbers as reports write them: three significant digits, no exponents.</summary>
internal static class ReportNumbers
{
    private const int Digits = 3;

    // What is left of a sum that should be nothing.
    private const double Nothing = 1e-9;

    /// <summary>A number; empty where there is none.</summary>
    public static string Short(double? value)
    {
        if (value is not { } number)
            return "";
        if (Math.Abs(number) < Nothing)
            return "0";
        int before = (int)Math.Floor(Math.Log10(Math.Abs(number))) + 1, after = Math.Clamp(Digits - before, 0, 12);
        double rounded = Math.Round(number, after);
        return rounded.ToString(after == 0 ? "0" : $"0.{new string('#', after)}", CultureInfo.InvariantCulture);
    }

    /// <summary>A share as percent.</summary>
    public static string Percent(double share) => $"{Short(share * 100)}%";

    /// <summary>How much less a time is than another, or how much more: "12% less".</summary>
    public static string Less(double time, double than) =>
        time <= than ? $"{Percent(1 - (time / than))} less" : $"{Percent((time / than) - 1)} more";
}
