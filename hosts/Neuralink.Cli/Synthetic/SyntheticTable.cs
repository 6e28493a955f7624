using Neuralink.Models.Synthetic;
using Neuralink.Placement.Traces;
using Spectre.Console;

namespace Neuralink.Cli.Synthetic;

/// <summary>How synthetic neurons fire, a row a layer, beside what was published.</summary>
internal static class SyntheticTable
{
    private static readonly string[] s_columns =
        [
            "layer", "active share", $"{ActivationStatistics.HotActivations:0%} share", "co-activation", "if independent", "run length",
            "in true order"
        ];

    public static void Write(SyntheticShape shape, IReadOnlyList<SyntheticStatistics> layers, IAnsiConsole console)
    {
        Table table = new() { Border = TableBorder.Rounded, Title = new TableTitle($"over {layers[0].Active.TokenCount} tokens") };
        foreach (string column in s_columns)
            table.AddColumn(new TableColumn(new Text(column)) { Alignment = Justify.Right, NoWrap = true });
        foreach (SyntheticStatistics layer in layers)
            table.AddRow(Cells($"{layer.Layer.Value}", [layer]).Select(cell => new Text(cell)));
        foreach ((int column, string cell) in Cells("mean", layers).Index())
            table.Columns[column].Footer = new Text(cell);
        console.Write(table);
        console.WriteLine(
            $"published: active share {shape.Share:0.00%}, {ActivationStatistics.HotActivations:0%} share {shape.EightyShare:0%}");
    }

    private static string[] Cells(string name, IReadOnlyList<SyntheticStatistics> layers) =>
    [
        name, $"{layers.Average(l => l.Active.ActiveShare):0.00%}", $"{layers.Average(l => l.Active.HotShare):0.0%}",
        $"{layers.Average(l => l.Active.CoActivation):0.0%}",
        $"{layers.Average(l => l.Active.IndependentCoActivation):0.0%}", $"{layers.Average(l => l.Active.MeanRunLength):0.00}",
        $"{layers.Average(l => l.TrueRunLength):0.00}",
    ];
}
