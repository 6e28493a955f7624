using Neuralink.Storage;
using Spectre.Console;

namespace Neuralink.Cli.Planning;

/// <summary>A plan for people: one table, a column each memory, and under it what it assumes.</summary>
internal static class PlanTable
{
    public static void Write(PlanReport r, IAnsiConsole console)
    {
        string lookahead = r.Lookahead is null ? "" : $", lookahead {r.Lookahead}";
        string packed = r.Packed ? "" : ", not packed";
        console.WriteLine(
            $"{r.Model}, {r.Weights}{packed}: {r.Strategy}, predictor {r.Predictor}{lookahead}, {r.Threads} threads, "
            + $"context of {r.ContextTokens} tokens");
        if (r.StrategyReason is not null)
            console.WriteLine($"{r.Strategy}: {r.StrategyReason}");
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn(new TableColumn(new Text("")) { NoWrap = true });
        foreach (PlanColumn column in r.Columns)
        {
            string name = column.Name.Length > 0 ? $" ({column.Name})" : "";
            Text head = new($"{Size(column.Memory.Total)}{name}");
            table.AddColumn(new TableColumn(head) { Alignment = Justify.Right, NoWrap = true });
        }
        Row("resident weights", c => Size(c.Memory.Resident));
        Row("predictor", c => Size(c.Memory.Predictor));
        Row("KV cache", c => Size(c.Memory.Kv));
        Row("activations", c => Size(c.Memory.Activations));
        Row("staging", c => Size(c.Memory.Staging));
        Row("neuron cache", c => $"{Size(c.Memory.Cache)}, {c.CachedShare:0.0%}");
        table.AddEmptyRow();
        Row("cache hit rate", c => $"{c.CacheHitRate:0.0%}");
        if (r.Lookahead is not null)
            Row("tokens with lookahead", c => $"{c.LookaheadShare:0%}");
        Row("read a token", c => Size(c.BytesPerToken));
        Row("reads a token", c => $"{c.ReadsPerToken:0.#}");
        table.AddEmptyRow();
        Row("resident compute", c => Millis(c.Millis.Resident));
        Row("predictor", c => Millis(c.Millis.Predictor));
        if (r.Lookahead is not null)
            Row("lookahead", c => Millis(c.Millis.Lookahead));
        Row("sparse FFN", c => Millis(c.Millis.SparseFfn));
        Row("messages and I/O calls", c => Millis(c.Millis.Overhead));
        Row("waiting for reads", c => Millis(c.Millis.Wait));
        Row("a token", c => Millis(c.Millis.Token));
        Row("reads (device)", c => Millis(c.Millis.Reads));
        Row("of these hidden", c => Millis(c.Millis.ReadsHidden));
        table.AddEmptyRow();
        Row("tokens/s", c => $"{c.TokensPerSecond:0.0}");
        Row($"of the first {ContextFit.DefaultMaxTokens}", c => $"{c.FirstTokensPerSecond:0.0}");
        console.Write(table);
        console.WriteLine($"{r.ActiveShare:0.0%} of the neurons fire at a token. What this rests on:");
        foreach (string assumption in r.Assumptions)
            console.WriteLine($"- {assumption}");

        void Row(string name, Func<PlanColumn, string> text) => table.AddRow([new Text(name), .. r.Columns.Select(c => new Text(text(c)))]);
    }

    private static string Size(double bytes) => ByteSize.Format(bytes);

    private static string Millis(double millis) => $"{millis:0.00} ms";
}
