using Neuralink.Storage;
using Spectre.Console;

namespace Neuralink.Cli.Quality;

/// <summary>The report for people: a row a figure.</summary>
internal static class PerplexityTable
{
    public static void Write(PerplexityReport r, IAnsiConsole console)
    {
        Grid grid = new();
        grid.AddColumn(new GridColumn { NoWrap = true }).AddColumn();
        Row("perplexity", $"{r.Perplexity:0.0000}, dense; {r.ActiveShare:0.00%} of the neurons fired");
        if (r.Predicted is { } p)
        {
            string factor = p.FactorOf(r.ActiveShare);
            Row(
                "",
                $"{p.Perplexity:0.0000} with the predictor {p.Predictor}, {p.PerplexityRatio:0.00000} times as much; "
                + $"{p.PredictedShare:0.00%} were predicted{factor}");
            Row("agreement", $"{p.AgreementShare:0.00%} of the tokens have the same most probable token");
            Row("divergence", $"{p.KlDivergenceNats:G3} nats a token, KL(dense || predicted)");
        }
        Row(
            "scored",
            $"{r.Tokens} tokens of {r.Texts}, in {r.Windows} windows of up to {r.WindowTokens} tokens, {r.StrideTokens} apart; "
            + $"{r.Seconds:0.0} s");
        Row("memory", ByteSize.Format(r.MemoryBytes));
        console.Write(grid);

        void Row(string name, string value) => grid.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(value));
    }

    private static string FactorOf(this PredictedReport p, double activeShare) =>
        activeShare > 0 ? $", {p.PredictedShare / activeShare:0.00} times as many" : "";
}
