using Neuralink.Cli.Terminal;
using Neuralink.Storage;
using Spectre.Console;

namespace Neuralink.Cli.Generate;

/// <summary>The figures of a generation, for people.</summary>
internal static class MetricsBox
{
    /// <param name="r">The figures.</param>
    /// <param name="isGreedy">Whether nothing depended on the seed.</param>
    /// <param name="surroundings">Where to.</param>
    public static void Write(GenerationReport r, bool isGreedy, Surroundings surroundings)
    {
        Grid grid = new();
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 2, 0) })
            .AddColumn(new GridColumn { Padding = new Padding(0, 0, 0, 0) });
        foreach ((string name, string figures) in Rows(r, isGreedy))
            grid.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(figures));
        IAnsiConsole console = Screen.OnError(surroundings);
        console.WriteLine();
        console.Write(new Panel(grid)
        {
            Header = new PanelHeader($" {Markup.Escape(r.Model)} "),
            Border = BoxBorder.Rounded,
            Padding = new Padding(1, 0),
        });
    }

    private static IEnumerable<(string Name, string Figures)> Rows(GenerationReport r, bool isGreedy)
    {
        TimingsReport t = r.Timings;
        IoMetrics io = r.Io;
        MemoryReport m = r.Memory;
        string seed = isGreedy ? "" : $", seed {r.Seed}";
        yield return ("prompt", $"{r.PromptTokens} tokens in {Duration(t.PromptMs)}, {t.PromptPerSecond:0.#} tokens/s");
        yield return (
            "generated",
            $"{r.Tokens.Count} tokens in {Duration(t.PredictedMs)}, {t.PredictedPerSecond:0.#} tokens/s; ended by {r.FinishReason}{seed}");
        yield return ("first token", $"after {Duration(t.TtftMs)}; model loaded in {Duration(t.LoadMs)}");
        yield return ("flash", $"{Size(io.BytesRead)} in {io.Reads} reads of {Size(io.MeanReadBytes)}, {Size(io.BytesUsed)} of it used");
        yield return (
            "bandwidth",
            $"{Size(io.RawBytesPerSecond)}/s from flash, {Size(io.EffectiveBytesPerSecond)}/s of it needed; "
            + $"{io.Bridged} bundles read in gaps");
        yield return (
            "waiting", $"compute waited {Duration(io.WaitMillis)} for flash, which was busy {Duration(io.IoMillis)} ({r.Strategy})");
        yield return (
            "neurons",
            $"{io.ActiveShare:0.0%} fired{Predicted(r)}; {io.CacheHitRate:0.0%} of the needed were in the cache, "
            + $"{io.DemandMisses} read on demand");
        if (io.WarmedUp > 0)
        {
            yield return (
                "warm-up",
                $"{io.WarmedUp} neurons read into the empty cache, {Size(io.WarmUpBytes)} in {io.WarmUpReads} reads besides those above");
        }
        if (io.LookaheadRecall is { } recall)
        {
            yield return (
                "read ahead", $"{io.Prefetched} neurons: {io.PrefetchOnTime} in time, {io.PrefetchLate} late, {io.PrefetchWasted} in vain");
            yield return (
                "lookahead",
                $"{(io.LookaheadShare < 0.995 ? $"at {io.LookaheadShare:0%} of the tokens; " : "")}named {recall:0.0%} of the needed "
                + $"neurons; {io.LookaheadPrecision:0.0%} of what it named was needed");
        }
        yield return (
            "memory",
            $"{Size(m.Total)}: weights {Size(m.Resident)}, predictor {Size(m.Predictor)}, KV cache {Size(m.Kv)}, "
            + $"neuron cache {Size(m.Cache)},");
        yield return ("", $"activations {Size(m.Activations)}, staging {Size(m.Staging)}; peak of the process {Size(m.ProcessPeak)}");
        yield return ("diagnosis", r.Diagnosis);
        yield return ("device", r.Device);
        if (r.Profile is { } profile)
            yield return (
                "profile",
                $"{profile.Name}: io {profile.Io}, queue depth {profile.QueueDepth}, "
                + $"gaps up to {Size(profile.CollapseGapBytes)} are read through");
    }

    private static string Predicted(GenerationReport r) =>
        r.Io.PredictorPrecision > 0.999 ? "" : $" of {r.Io.PredictedShare:0.0%} predicted";

    private static string Size(double bytes) => ByteSize.Format(bytes);

    private static string Duration(double millis) => millis < 1000 ? $"{millis:0.#} ms" : $"{millis / 1000:0.##} s";
}
