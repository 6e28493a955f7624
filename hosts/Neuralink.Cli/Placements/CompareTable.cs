using Spectre.Console;

namespace Neuralink.Cli.Placements;

/// <summary>A comparison for people: what was compared, then a table for each test trace, in groups of rows by the cache.</summary>
internal static class CompareTable
{
    private static readonly string[] s_columns = ["cached", "order", "reads", "bundles a read", "bytes read/used", "ms", "of identity's"];

    public static void Write(CompareReport r, IAnsiConsole console)
    {
        Grid header = new();
        header.AddColumn(new GridColumn { NoWrap = true }).AddColumn();
        Row("model", $"{r.Model}, {r.Layers} layers of {r.Neurons} neurons, {r.StrideBytes} bytes each on flash");
        Row("device", r.Device);
        Row("ordered by", Describe(r.Train));
        Row(
            "in seconds",
            string.Join(", ", r.Orders.Where(o => o.OrderingSeconds is not null).Select(o => $"{o.Method} {o.OrderingSeconds:0.0}")));
        Row(
            "figures",
            $"one layer, one token: the mean of the {r.Layers} layers; bound: no order reads less often, and none takes less time");
        console.Write(header);
        foreach (TestReport test in r.Tests)
            Write(test, console);

        void Row(string name, string value) => header.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(value));
    }

    private static void Write(TestReport test, IAnsiConsole console)
    {
        console.WriteLine();
        console.WriteLine($"tested on {Describe(test.Trace)}{(test.Unseen ? "" : " — not unseen")}");
        Table table = new() { Border = TableBorder.Rounded };
        foreach ((int i, string column) in s_columns.Index())
            table.AddColumn(new TableColumn(new Text(column)) { Alignment = i == 1 ? Justify.Left : Justify.Right, NoWrap = true });
        foreach ((int i, CacheReport cache) in test.Caches.Index())
        {
            if (i > 0)
                table.AddEmptyRow();
            string share = cache.CachedShare > 0 ? $"{cache.CachedShare:0.##%}" : "none";
            foreach (OrderFigures o in cache.Orders)
            {
                Add(
                    share, o.Method, $"{o.ReadsPerToken:0.0}", $"{o.MeanReadBundles:0.00}", $"{o.BytesReadPerByteUsed:0.00}",
                    $"{o.MillisPerToken:0.000}", $"{o.OfIdentity:0.00}");
                share = "";
            }
            Add(
                "", "bound", $"{cache.Bound.ReadsPerToken:0.0}", "", "", $"{cache.Bound.MillisPerToken:0.000}",
                $"{cache.Bound.OfIdentity:0.00}");
        }
        console.Write(table);

        void Add(params string[] cells) => table.AddRow(cells.Select(cell => new Text(cell)));
    }

    private static string Describe(ComparedTrace trace) => $"{trace.Path}: {trace.Tokens} tokens of {trace.Texts}";
}
