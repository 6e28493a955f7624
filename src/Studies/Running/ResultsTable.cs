using System.Globalization;
using System.Text;
using Neuralink.Studies.Matrix;

namespace Neuralink.Studies.Running;

/// <summary>results.csv: the cells of a study and their metrics, for spreadsheets and data frames (RFC 4180).</summary>
internal static class ResultsTable
{
    /// <summary>Its name.</summary>
    public const string Name = "results.csv";

    private static readonly System.Buffers.SearchValues<char> s_special = System.Buffers.SearchValues.Create(",\"\r\n");

    /// <summary>The text: a heading, and a line a cell.</summary>
    public static string Write(IEnumerable<CellOutcome> outcomes)
    {
        StringBuilder text = new();
        Append(text, [.. StudyKeys.All.Select(key => key.Name), .. CellMetric.All.Select(metric => metric.Name), "seconds", "failure"]);
        foreach (CellOutcome outcome in outcomes)
        {
            Append(
                text,
                [
                    .. StudyKeys.All.Select(key => key.ValueOf(outcome.Cell)?.ToString() ?? ""),
                    .. CellMetric.All.Select(metric => outcome.Result is { } result ? Number(metric.Of(result)) : ""),
                    Number(Math.Round(outcome.Seconds, 3)), outcome.Failure ?? "",
                ]);
        }
        return text.ToString();
    }

    private static string Number(double value) => value.ToString("G9", CultureInfo.InvariantCulture);

    private static void Append(StringBuilder text, IEnumerable<string> fields) =>
        text.AppendJoin(',', fields.Select(Quoted)).Append("\r\n");

    private static string Quoted(string field) => field.AsSpan().ContainsAny(s_special)
        ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : field;
}
