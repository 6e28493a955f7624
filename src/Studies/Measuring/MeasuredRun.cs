namespace Neuralink.Studies.Measuring;

/// <summary>One run of a test: all its texts, which ran at once.</summary>
/// <param name="Millis">From the requests to the last token of the last text.</param>
/// <param name="Tokens">Tokens of all texts that a rate counts.</param>
/// <param name="Texts">When tokens came.</param>
/// <param name="Io">What the engine read and waited for meanwhile.</param>
public sealed record MeasuredRun(double Millis, int Tokens, IReadOnlyList<TextTimes> Texts, IoMetrics Io)
{
    /// <summary>Tokens a second.</summary>
    public double TokensPerSecond => Tokens / Millis * 1000;

    /// <summary>Runs the texts of a test on an engine where nothing else runs.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="test">What is timed.</param>
    /// <param name="requests">The texts, at most as many as the engine runs at once.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends it.</param>
    internal static async Task<MeasuredRun> RunAsync(
        NeuralinkEngine engine, BenchTest test, IReadOnlyList<GenerationRequest> requests, TimeProvider time,
        CancellationToken cancellation)
    {
        IoCounts before = engine.Totals.Io.Counts;
        long start = time.GetTimestamp();
        TextTimes[] texts = await Task.WhenAll(requests.Select(request => Task.Run(() => ReadAsync(request), cancellation)));
        IoCounts after = engine.Totals.Io.Counts;
        return new MeasuredRun(
            texts.Max(t => t.TokenMillis[^1]), requests.Count * test.Tokens, texts,
            (after with { Counters = after.Counters.Since(before.Counters) }).Total);

        async Task<TextTimes> ReadAsync(GenerationRequest request)
        {
            List<double> tokenMillis = new(request.MaxTokens);
            await foreach (GenerationEvent happened in engine.GenerateAsync(request, cancellation))
            {
                if (happened is TokenGenerated)
                    tokenMillis.Add(time.GetElapsedTime(start).TotalMilliseconds);
            }
            return new TextTimes(tokenMillis);
        }
    }
}
