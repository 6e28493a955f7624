using Neuralink.Storage;
using Spectre.Console;

namespace Neuralink.Cli.Devices;

/// <summary>A probe's report for people: a table for each method and pattern, then what follows from them.</summary>
internal static class ProbeTables
{
    // Less is noise.
    private const double SlowdownMin = 2;

    /// <param name="r">The report.</param>
    /// <param name="isPickedUp">Whether `generate` finds the profile by itself.</param>
    /// <param name="console">Where to.</param>
    public static void Write(ProbeReport r, bool isPickedUp, IAnsiConsole console)
    {
        foreach (IGrouping<(string IoMethod, string Pattern), CellMetrics> table in r.Cells.GroupBy(c => (c.IoMethod, c.Pattern)))
            Write(table.Key.IoMethod, table.Key.Pattern, [.. table], console);
        WriteMethods(r.Speedups, console);
        Grid grid = new();
        grid.AddColumn(new GridColumn { NoWrap = true }).AddColumn();
        Row(
            "device",
            $"{r.Volume.Name}; {r.File ?? "a temporary file"} of {ByteSize.Format(r.FileBytes)}, direct I/O, median of {r.Rounds}");
        if (r.UringRefusal is { } refusal)
            Row("threads only", $"io_uring is not measured: {refusal}");
        if (r.FirstReadsSlowdown is { } slowdown and >= SlowdownMin)
        {
            Row(
                "first reads",
                $"took {slowdown:0.0} times as long as the same reads later: a cache below the file system (a drive's, a host's) holds the "
                + "file by now; a first run is slower than this profile");
        }
        Row("knee", $"{ByteSize.Format(r.KneeBytes)}: random reads from there on get 80% of the ceiling, {r.MegabytesPerSecondMax:0} MB/s");
        Row(
            "break-even gap",
            string.Join(
                ", ", r.BreakEvenGaps.Select(g => $"{ByteSize.Format(g.GapBytes)} between bundles of {ByteSize.Format(g.BundleBytes)}")));
        Row("advice", $"{r.IoMethod} at queue depth {r.QueueDepth}; reads/s up to 64 KiB against depth 1: {Depths(r)}");
        Row("profile", $"{r.Profile}{(isPickedUp ? $", used by generate for images at {r.Volume.Mount}" : ", for --profile")}");
        console.Write(grid);

        void Row(string name, string value) => grid.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(value));
    }

    private static string Depths(ProbeReport r) =>
        string.Join(
            ", ", r.Speedups.Where(s => s.IoMethod == r.IoMethod && s.Speedup != 1).Select(s => $"x{s.Speedup:0.0} at {s.QueueDepth}"));

    private static void WriteMethods(IReadOnlyList<DepthMetrics> depths, IAnsiConsole console)
    {
        console.WriteLine("random reads up to 64 KiB, mean of the sizes: reads/s and microseconds of processor time a read");
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn(new TableColumn(new Text("method")));
        foreach (int depth in depths.Select(d => d.QueueDepth).Distinct())
            table.AddColumn(Column($"depth {depth}")).AddColumn(Column("CPU us"));
        foreach (IGrouping<string, DepthMetrics> method in depths.GroupBy(d => d.IoMethod, StringComparer.Ordinal))
        {
            table.AddRow(
                [
                    new Text(method.Key),
                    .. method.SelectMany(d => new[] { new Text($"{d.ReadsPerSecond:0}"), new Text($"{d.ProcessorMicros:0.0}") })
                ]);
        }
        console.Write(table);
    }

    private static void Write(string method, string pattern, IReadOnlyList<CellMetrics> cells, IAnsiConsole console)
    {
        console.WriteLine($"{pattern} reads by {method}: reads/s and MB/s by size and queue depth");
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn(Column("size"));
        foreach (int depth in cells.Select(c => c.QueueDepth).Distinct())
            table.AddColumn(Column($"depth {depth}")).AddColumn(Column("MB/s"));
        foreach (IGrouping<int, CellMetrics> size in cells.GroupBy(c => c.Bytes))
        {
            table.AddRow([
                new Text(ByteSize.Format(size.Key)),
                .. size.SelectMany(c => new[] { new Text($"{c.ReadsPerSecond:0}"), new Text($"{c.MegabytesPerSecond:0}") })]);
        }
        console.Write(table);
    }

    private static TableColumn Column(string title) => new(new Text(title)) { Alignment = Justify.Right, NoWrap = true };
}
