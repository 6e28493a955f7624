using Spectre.Console;

namespace Neuralink.Cli.Training;

/// <summary>The report for people: what was trained, and a row a layer.</summary>
internal static class TrainPredictorTable
{
    private static readonly string[] s_columns =
    [
        "layer",
        "rank",
        "recall",
        "precision",
        "predicted",
        "fires",
        "factor",
        "loss",
        "threshold",
        "of dense layer",
    ];

    public static void Write(TrainPredictorReport r, IAnsiConsole console)
    {
        Grid header = new();
        header.AddColumn(new GridColumn { NoWrap = true }).AddColumn();
        Row(
            "predictor",
            $"{r.Predictor}, of {r.Model}, "
            + $"{(r.Depth == 0 ? "each layer from its own input" : $"each layer from the input {r.Depth} before it")}");
        Row("trained on", $"{r.TrainedOn}, in {r.Seconds:0.0} s; figures are of the held-out tokens");
        Row(
            "work",
            $"{r.MultiplyAdds / 1e6:0.##} M multiply-adds a token: {r.OfDenseToken:0.0%} of the token's with every neuron, "
            + $"{r.OfSparseToken:0.0%} of those with the neurons that fire");
        console.Write(header);

        Table table = new() { Border = TableBorder.Rounded };
        foreach (string column in s_columns)
            table.AddColumn(new TableColumn(new Text(column)) { Alignment = Justify.Right, NoWrap = true });
        foreach (TrainedLayerMetrics l in r.Layers)
        {
            Add(
                $"{l.Layer}", $"{l.Rank}", $"{l.Recall:0.0%}", $"{l.Precision:0.0%}", $"{l.PredictedShare:0.00%}", $"{l.TrueShare:0.00%}",
                Factor(l.PredictedShare, l.TrueShare),
                $"{l.Loss:0.0000}", l.Threshold > -1000 ? $"{l.Threshold:0.00}" : "all", $"{l.OfDenseLayer:0.0%}");
        }
        TrainedMean m = r.Mean;
        string[] footer =
        [
            "mean", $"{m.Rank:0.#}", $"{m.Recall:0.0%}", $"{m.Precision:0.0%}", $"{m.PredictedShare:0.00%}", $"{m.TrueShare:0.00%}",
            Factor(m.PredictedShare, m.TrueShare), $"{m.Loss:0.0000}", "", "",
        ];
        foreach ((int i, string cell) in footer.Index())
            table.Columns[i].Footer = new Text(cell);
        console.Write(table);

        void Row(string name, string value) => header.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(value));
        void Add(params string[] cells) => table.AddRow(cells.Select(cell => new Text(cell)));
    }

    private static string Factor(double predicted, double active) => active > 0 ? $"{predicted / active:0.00}" : "";
}
