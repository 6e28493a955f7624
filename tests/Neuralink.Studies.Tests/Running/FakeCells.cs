using Neuralink.Storage;
using Neuralink.Studies.Cells;

namespace Neuralink.Studies.Tests.Running;

/// <summary>Runs cells by a formula: what is read a token by what the cache leaves, and how much of it the strategy hides.</summary>
internal sealed class FakeCells : ICellRunner
{
    /// <summary>A model that there is not.</summary>
    public const string Missing = "missing.nlk";

    private int _runs;

    /// <summary>Called before each.</summary>
    public Action<StudyCell> Before { get; init; } = static _ => { };

    /// <summary>Cells that were run.</summary>
    public int Runs => _runs;

    public CellResult Run(StudyCell cell, CancellationToken cancellation)
    {
        Before(cell);
        cancellation.ThrowIfCancellationRequested();
        Interlocked.Increment(ref _runs);
        return cell.Model == Missing
            ? throw new NeuralinkException("find the model missing.nlk", "a shape or a flash image", "neither")
            : Result(cell);
    }

    /// <summary>A result by the formula.</summary>
    public static CellResult Result(StudyCell cell)
    {
        StrategySwitches strategy = StrategySwitches.Of(cell.Strategy);
        double precision = cell.LookaheadPrecision ?? 0.8, hits = Math.Min(1, 4 * cell.CacheShare);
        double compute = 100 * cell.ComputeScale, lookahead = strategy.ReadsAhead ? 5 * cell.ComputeScale : 0;
        double device = 200 * (1 - hits) / (strategy.ReadsAhead ? precision : 1);
        double hidden = (strategy.ReadsAhead ? 0.8 : strategy.Clusters ? 0.3 : 0) * Math.Min(compute, device);
        double token = compute + lookahead + device - hidden;
        return new CellResult
        {
            TokenMillis = token,
            TokenMillisDeviation = token / 20,
            WorstTokenMillis = token * 1.2,
            AttentionMillis = compute * 0.6,
            PredictorMillis = compute * 0.1,
            LookaheadMillis = lookahead,
            FfnMillis = compute * 0.3,
            OverheadMillis = 0,
            WaitMillis = device - hidden,
            DeviceMillis = device,
            Bytes = device * 1e6,
            Reads = 1000,
            DemandBytes = 1e8,
            CacheBytes = 1e9 * cell.CacheShare,
            HitRate = hits,
            EffectiveBytesPerSecond = 1e9,
            AheadOnTime = 1,
            AheadLate = 2,
            AheadWasted = 3,
            DemandMisses = 4,
            Timeline = new CellTimeline(
                token * 1000,
                [
                    new TimelineSpan(TimelineLane.Computing, "attention", 0, 0, compute * 600, 0),
                    new TimelineSpan(TimelineLane.Computing, "arrived", 1, compute * 600, token * 1000, 0),
                    new TimelineSpan(TimelineLane.Reading, "demand", 1, compute * 300, token * 900, 4096),
                ]),
        };
    }
}
