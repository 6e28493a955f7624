using System.Collections.Concurrent;
using System.Diagnostics;

namespace Neuralink.Benchmarks.Serving;

/// <summary>What became of every request of a soak.</summary>
internal sealed class SoakLedger(SoakFaults faults)
{
    private readonly ConcurrentDictionary<string, int> _outcomes = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<double> _firstToken = new();
    private readonly ConcurrentQueue<double> _betweenTokens = new();

    /// <summary>Failures that nothing injected explains.</summary>
    public ConcurrentQueue<string> Unexplained { get; } = new();

    public string Summary => string.Join(", ", _outcomes.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => $"{o.Value} {o.Key}"));

    public string FirstToken => Percentiles(_firstToken);

    public string BetweenTokens => Percentiles(_betweenTokens);

    public void Note(string outcome) => _outcomes.AddOrUpdate(outcome, 1, (_, count) => count + 1);

    public void NoteFirstToken(double millis) => _firstToken.Enqueue(millis);

    public void NoteNextToken(double millis) => _betweenTokens.Enqueue(millis);

    /// <summary>A request did not get what it should have.</summary>
    /// <param name="what">What it got.</param>
    /// <param name="start">When it was sent, in the stopwatch's ticks.</param>
    /// <param name="mayBeFlash">Whether it says that flash failed.</param>
    public void Fail(string what, long start, bool mayBeFlash)
    {
        if (mayBeFlash && faults.WasBrokenSince(start))
        {
            Note("failed with flash");
            return;
        }
        Note("failed without a cause");
        Unexplained.Enqueue($"{what} after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s");
    }

    private static string Percentiles(ConcurrentQueue<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? "none" : $"p50 {At(0.5):0.0} ms, p99 {At(0.99):0.0} ms, most {sorted[^1]:0.0} ms";

        double At(double share) => sorted[(int)(share * (sorted.Length - 1))];
    }
}
