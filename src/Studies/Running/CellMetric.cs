using Neuralink.Studies.Cells;

namespace Neuralink.Studies.Running;

/// <summary>A metric of cells, as results and reports have it.</summary>
/// <param name="Name">The key: the property's name in snake_case.</param>
/// <param name="Title">What reports call it.</param>
/// <param name="Unit">In what; null for a plain number.</param>
/// <param name="Of">Its value.</param>
internal sealed record CellMetric(string Name, string Title, string? Unit, Func<CellResult, double> Of)
{
    /// <summary>All of them, in the order in which results have them.</summary>
    public static IReadOnlyList<CellMetric> All { get; } =
    [
        new("token_millis", "time of a token", "ms", r => r.TokenMillis),
        new("token_millis_deviation", "its standard deviation", "ms", r => r.TokenMillisDeviation),
        new("worst_token_millis", "slowest token", "ms", r => r.WorstTokenMillis),
        new("attention_millis", "attention", "ms", r => r.AttentionMillis),
        new("predictor_millis", "predictor", "ms", r => r.PredictorMillis),
        new("lookahead_millis", "lookahead", "ms", r => r.LookaheadMillis),
        new("ffn_millis", "neurons", "ms", r => r.FfnMillis),
        new("overhead_millis", "overhead", "ms", r => r.OverheadMillis),
        new("wait_millis", "visible wait", "ms", r => r.WaitMillis),
        new("device_millis", "device busy", "ms", r => r.DeviceMillis),
        new("bytes", "read a token", "bytes", r => r.Bytes),
        new("reads", "reads a token", null, r => r.Reads),
        new("demand_bytes", "demand of a token", "bytes", r => r.DemandBytes),
        new("cache_bytes", "cache", "bytes", r => r.CacheBytes),
        new("hit_rate", "cache hits", null, r => r.HitRate),
        new("effective_bytes_per_second", "effective bandwidth", "bytes/s", r => r.EffectiveBytesPerSecond),
        new("ahead_on_time", "ahead on time", null, r => r.AheadOnTime),
        new("ahead_late", "ahead late", null, r => r.AheadLate),
        new("ahead_wasted", "ahead in vain", null, r => r.AheadWasted),
        new("demand_misses", "demand misses", null, r => r.DemandMisses),
        new("mean_read_bytes", "mean read", "bytes", r => r.MeanReadBytes),
        new("tokens_per_second", "tokens a second", "tokens/s", r => r.TokensPerSecond),
        new("compute_millis", "computing", "ms", r => r.ComputeMillis),
        new("wait_share", "visible wait, share of the token", null, r => r.WaitShare),
    ];

    /// <summary>What keeps a result from being one: a metric that is no number, or a token that takes no time; or null.</summary>
    public static string? Flaw(CellResult result)
    {
        if (!(result.TokenMillis > 0))
            return $"a token of {result.TokenMillis} ms";
        CellMetric? broken = All.FirstOrDefault(metric => !double.IsFinite(metric.Of(result)));
        return broken is null ? null : $"a {broken.Name} that is no number";
    }
}
