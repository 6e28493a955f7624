using Neuralink.Placement.Traces;
using Neuralink.Storage;
using Spectre.Console;

namespace Neuralink.Cli.Traces;

/// <summary>A trace's report for people: what was traced, and a row a layer.</summary>
internal static class TraceTable
{
    private static readonly string[] s_columns =
        ["layer", "active share", $"{ActivationStatistics.HotActivations:0%} share", "run length", "co-activation", "if independent"];

    public static void Write(TraceReport r, IAnsiConsole console)
    {
        Grid header = new();
        header.AddColumn(new GridColumn { NoWrap = true }).AddColumn();
        Row("model", $"{r.Model}, {r.Layers.Count} layers of {r.Neurons} neurons, {r.StrideBytes} bytes each on flash");
        Row("tokens", $"{r.Tokens}");
        Row("texts", r.Texts);
        Row("file", $"{ByteSize.Format(r.Bytes)}, SHA-256 {r.Digest[..16]}…");
        console.Write(header);

        Table table = new() { Border = TableBorder.Rounded };
        foreach (string column in s_columns)
            table.AddColumn(new TableColumn(new Text(column)) { Alignment = Justify.Right, NoWrap = true });
        foreach (TraceFigures layer in r.Layers)
            table.AddRow(Cells(layer).Select(cell => new Text(cell)));
        foreach ((int column, string cell) in Cells(r.Mean).Index())
            table.Columns[column].Footer = new Text(cell);
        console.Write(table);

        void Row(string name, string value) => header.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(value));
    }

    private static string[] Cells(TraceFigures f) =>
    [
        f.Layer is { } layer ? $"{layer}" : "mean", $"{f.ActiveShare:0.00%}", $"{f.HotShare:0.0%}", $"{f.MeanRunLength:0.00}",
        $"{f.CoActivation:0.0%}", $"{f.IndependentCoActivation:0.0%}",
    ];
}
