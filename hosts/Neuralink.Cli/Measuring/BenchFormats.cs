using System.Text.Json;
using Neuralink.Storage;
using Neuralink.Studies.Measuring;

namespace Neuralink.Cli.Measuring;

/// <summary>Writes results as llama-bench does: a table in Markdown, csv with every value quoted, JSON, or JSON a line.</summary>
internal static class BenchFormats
{
    public static void Write(IReadOnlyList<BenchRow> rows, BenchSetup setup, BenchFormat format, TextWriter output)
    {
        switch (format)
        {
            case BenchFormat.Csv:
                WriteCsv(rows, output);
                break;
            case BenchFormat.Json:
                output.WriteLine($"[\n{string.Join(",\n", rows.Select(row => Json(row, BenchRowJson.Indented)))}\n]");
                break;
            case BenchFormat.JsonLines:
                foreach (BenchRow row in rows)
                    output.WriteLine(Json(row, BenchRowJson.Lines));
                break;
            default:
                WriteMarkdown(rows, Columns(setup), output);
                break;
        }
    }

    private static string Json(BenchRow row, BenchRowJson json) => JsonSerializer.Serialize(row, json.BenchRow);

    /// <summary>Without the samples, which only JSON has.</summary>
    private static void WriteCsv(IReadOnlyList<BenchRow> rows, TextWriter output)
    {
        JsonProperty[][] values =
        [
            .. rows.Select(row => JsonSerializer.SerializeToElement(row, BenchRowJson.Lines.BenchRow).EnumerateObject()
                .Where(p => p.Value.ValueKind != JsonValueKind.Array).ToArray()),
        ];
        output.WriteLine(string.Join(',', values[0].Select(p => p.Name)));
        foreach (JsonProperty[] row in values)
            output.WriteLine(string.Join(',', row.Select(p => Quoted(p.Value))));
    }

    private static string Quoted(JsonElement value)
    {
        string text = value.ValueKind is JsonValueKind.True ? "1" : value.ValueKind is JsonValueKind.False ? "0" : $"{value}";
        return $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>Of the dimensions, those that are given have a column; the strategy and the cache have one in any case.</summary>
    private static List<(string Name, bool IsNumber, Func<BenchRow, string> Cell)> Columns(BenchSetup setup)
    {
        IEnumerable<string> given = setup.Variants.SelectMany(v => v.Given.Keys).Distinct(StringComparer.Ordinal)
            .Except([BenchList.Model, "threads", "strategy", "cache"], StringComparer.Ordinal);
        return
        [
            ("protocol", false, r => $"{r.Protocol}, {(r.PastPageCache ? r.Io : "page cache")}"),
            ("model", false, r => $"{r.Model} {r.ModelType}"),
            ("size", true, r => ByteSize.Format(r.ModelSize)),
            ("params", true, r => r.Parameters < 1_000_000_000 ? $"{r.Parameters / 1e6:0.00} M" : $"{r.Parameters / 1e9:0.00} B"),
            ("threads", true, r => $"{r.Threads}"),
            ("strategy", false, r => r.Strategy),
            ("cache", true, r => $"{r.CacheShare:0.#%}"),
            .. given.Select(name => (name, true, (Func<BenchRow, string>)(r => r.Given[name]))),
            ("test", true, r => r.Test),
            ("t/s", true, r => $"{r.TokensPerSecond:0.00} ± {r.TokensPerSecondDeviation:0.00}"),
            ("TTFT ms", true, r => $"{r.FirstTokenMillis:0.0}"),
            ("TPOT ms", true, r => Millis(r.PerTokenMillis)),
            ("ITL p99 ms", true, r => Millis(r.Gap99Millis)),
            ("worst ms", true, r => Millis(r.GapWorstMillis)),
            ("read/token", true, r => ByteSize.Format(r.BytesPerToken)),
            ("reads/token", true, r => $"{r.ReadsPerToken:0.0}"),
            ("mean read", true, r => ByteSize.Format(r.MeanReadBytes)),
            ("hits", true, r => $"{r.HitRate:0.0%}"),
            ("wait", true, r => $"{r.WaitShare:0.0%}"),
            ("effective", true, r => $"{r.EffectiveBytesPerSecond / 1e6:0} MB/s"),
            ("ahead: on time/late/in vain", true, r => r.AheadOnTime + r.AheadLate + r.AheadWasted == 0
                ? ""
                : $"{r.AheadOnTime:0.#}/{r.AheadLate:0.#}/{r.AheadWasted:0.#}"),
            ("demand/token", true, r => ByteSize.Format(r.DemandBytes)),
        ];

        static string Millis(double? millis) => millis is null ? "" : $"{millis:0.0}";
    }

    private static void WriteMarkdown(
        IReadOnlyList<BenchRow> rows, List<(string Name, bool IsNumber, Func<BenchRow, string> Cell)> columns, TextWriter output)
    {
        string[][] cells = [.. rows.Select(row => columns.Select(c => c.Cell(row)).ToArray())];
        int[] widths = [.. columns.Select((c, i) => Math.Max(Math.Max(3, c.Name.Length), cells.Max(row => row[i].Length)))];
        WriteLine([.. columns.Select((c, i) => Fit(c.Name, i))]);
        WriteLine([.. columns.Select((c, i) => c.IsNumber ? $"{new string('-', widths[i] - 1)}:" : new string('-', widths[i]))]);
        foreach (string[] row in cells)
            WriteLine([.. row.Select(Fit)]);

        string Fit(string text, int column) => columns[column].IsNumber ? text.PadLeft(widths[column]) : text.PadRight(widths[column]);

        void WriteLine(string[] line) => output.WriteLine($"| {string.Join(" | ", line)} |");
    }
}
