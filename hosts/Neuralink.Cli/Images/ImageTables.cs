using Neuralink.Storage;
using Neuralink.Storage.Image;
using Spectre.Console;

namespace Neuralink.Cli.Images;

/// <summary>An image's report for people: the model, a row a layer, the files.</summary>
internal static class ImageTables
{
    public static void Write(ImageReport r, IAnsiConsole console)
    {
        Grid model = new();
        model.AddColumn(new GridColumn { NoWrap = true }).AddColumn();
        Row(
            "model",
            $"{r.ModelType} ({r.Architecture}), hidden size {r.HiddenSize}, vocabulary {r.VocabularySize}, context {r.Context} tokens");
        Row("activation", r.Activation);
        Row("weights", r.Weights);
        Row("on flash", ByteSize.Format(r.BytesOnFlash));
        Row(
            "in memory",
            $"{ByteSize.Format(r.BytesResident)}, of which the {r.Predictor} predictor has {ByteSize.Format(r.BytesPredictor)}");
        foreach ((string name, string value) in Placement(r.Placement))
            Row(name, value);
        Row("written by", $"{r.WrittenBy}, format version {r.FormatVersion}");
        console.Write(model);
        console.Write(Layers(r));
        console.Write(Files(r));

        void Row(string name, string value) => model.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(value));
    }

    private static IEnumerable<(string Name, string Value)> Placement(PlacementManifest p)
    {
        yield return ("placement", p.Seed is { } seed ? $"{p.Method}, seed {seed}" : p.Method);
        if (p.Trace is { } trace)
            yield return ("made from", $"{trace.Texts}: {trace.TokenCount} tokens, trace {trace.Sha256[..16]}…");
        if (p is { Statistics: { } s, ReadCost: { } cost })
            yield return ("a token costs", $"a layer, nothing cached, on these tokens: {StatisticsText.Of(s)} on {cost.Device}");
    }

    private static Table Layers(ImageReport r)
    {
        Table table = new() { Border = TableBorder.Rounded };
        AddColumns(table, ("layer", true), ("neurons", true), ("stride", true), ("on flash", true), ("placement", false));
        foreach (LayerReport layer in r.Layers)
            AddRow(table, $"{layer.Layer}", $"{layer.Neurons}", $"{layer.Stride} B", ByteSize.Format(layer.BytesOnFlash), layer.Placement);
        table.Columns[0].Footer = new Text("all");
        table.Columns[1].Footer = new Text($"{r.Layers.Sum(l => (long)l.Neurons)}");
        table.Columns[3].Footer = new Text(ByteSize.Format(r.BytesOnFlash));
        return table;
    }

    private static Table Files(ImageReport r)
    {
        Table table = new() { Border = TableBorder.Rounded };
        AddColumns(table, ("file", false), ("bytes", true), (FileDigest.Name, false));
        foreach (FileReport file in r.Files)
            AddRow(table, file.Name, ByteSize.Format(file.Bytes), $"{file.Xxh128[..16]}…");
        return table;
    }

    private static void AddColumns(Table table, params (string Title, bool IsNumber)[] columns)
    {
        foreach ((string title, bool isNumber) in columns)
            table.AddColumn(new TableColumn(new Text(title)) { Alignment = isNumber ? Justify.Right : Justify.Left, NoWrap = true });
    }

    private static void AddRow(Table table, params string[] cells) => table.AddRow(cells.Select(c => new Text(c)));
}
