using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Metrics;
using Neuralink.Studies.Simulation;

namespace Neuralink.Studies.Cells;

/// <summary>Plays the tokens of a cell one after the other, and says what came of those that count.</summary>
internal sealed class SimulatedTokens
{
    private readonly EngineSimulation _engine;
    private readonly TraceSimulation _simulation;

    public SimulatedTokens(EngineSimulation engine)
    {
        _engine = engine;
        _simulation = engine.Begin();
    }

    /// <summary>Plays tokens that do not count: they fill the cache.</summary>
    public void Play(Range tokens, CancellationToken cancellation)
    {
        for (int token = tokens.Start.Value; token < tokens.End.Value; token++)
        {
            cancellation.ThrowIfCancellationRequested();
            _simulation.Play(token..(token + 1));
        }
    }

    /// <summary>Plays tokens that count; the timeline is of the one in the middle.</summary>
    public CellResult Count(Range tokens, CancellationToken cancellation)
    {
        List<SimulatedRun> runs = [];
        CellTimeline? timeline = null;
        int middle = (tokens.Start.Value + tokens.End.Value) / 2;
        for (int token = tokens.Start.Value; token < tokens.End.Value; token++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (token != middle)
            {
                runs.Add(_simulation.Play(token..(token + 1)));
                continue;
            }
            using TimelineRecording recording = new(_simulation);
            runs.Add(_simulation.Play(token..(token + 1)));
            timeline = recording.ToTimeline(runs[^1].Ticks);
        }
        return Summarize(runs) with { Timeline = timeline };
    }

    private CellResult Summarize(List<SimulatedRun> runs)
    {
        int count = runs.Count, stride = _engine.StrideBytes;
        double[] millis = [.. runs.Select(run => _engine.MillisOf(run.Ticks, 1))];
        double mean = millis.Average();
        SpentTicks spent = runs.Aggregate(default(SpentTicks), (sum, run) => sum + run.Spent);
        double device = _engine.LayersEach * runs.Sum(run => run.DeviceMicros) / count / 1000;
        double hits = Sum(Counter.CacheHits), wanted = Sum(Counter.Wanted);
        double onTime = Sum(Counter.PrefetchOnTime), late = Sum(Counter.PrefetchLate), misses = Sum(Counter.DemandMisses);
        double busy = Sum(Counter.BusyTicks);
        return new CellResult
        {
            TokenMillis = mean,
            TokenMillisDeviation = count < 2 ? 0 : Math.Sqrt(millis.Sum(m => (m - mean) * (m - mean)) / (count - 1)),
            WorstTokenMillis = millis.Max(),
            AttentionMillis = Millis(spent.Attention + spent.Logits),
            PredictorMillis = Millis(spent.Predictor),
            LookaheadMillis = Millis(spent.Lookahead),
            FfnMillis = Millis(spent.Activate + spent.Down),
            OverheadMillis = Math.Max(0, mean - Millis(spent.Working) - Millis(spent.Wait)),
            WaitMillis = Millis(spent.Wait),
            DeviceMillis = device,
            Bytes = Each(Sum(Counter.BytesRead)),
            Reads = Each(Sum(Counter.Reads)),
            DemandBytes = Each(wanted) * stride,
            CacheBytes = (double)_engine.Frames.CachedMax * stride,
            HitRate = wanted == 0 ? 0 : hits / wanted,
            EffectiveBytesPerSecond = busy == 0 ? 0 : (onTime + late + misses) * stride / (busy / ModelledDevice.TicksPerMicro / 1e6),
            AheadOnTime = Each(onTime),
            AheadLate = Each(late),
            AheadWasted = Each(Sum(Counter.PrefetchWasted)),
            DemandMisses = Each(misses),
        };

        double Sum(Counter counter) => runs.Sum(run => (double)run.Counts[counter]);

        double Each(double sum) => sum * _engine.LayersEach / count;

        double Millis(long ticks) => _engine.MillisOf(ticks, count);
    }
}

/// <summary>Notes what happens while it lasts.</summary>
internal sealed class TimelineRecording : IDisposable
{
    private readonly TraceSimulation _simulation;
    private readonly long _start;
    private readonly List<TimelineSpan> _spans = [];

    public TimelineRecording(TraceSimulation simulation)
    {
        _simulation = simulation;
        _start = simulation.Now;
        simulation.Observe(Computed, Served);
    }

    /// <summary>What was noted: computing first, then reads, each by beginning.</summary>
    public CellTimeline ToTimeline(long ticks) =>
        new(ticks / ModelledDevice.TicksPerMicro, [.. _spans.OrderBy(s => s.Lane).ThenBy(s => s.StartMicros)]);

    public void Dispose() => _simulation.Observe(computed: null, served: null);

    private void Computed(string what, int layer, long start, long end)
    {
        if (end > start)
            _spans.Add(new TimelineSpan(TimelineLane.Computing, what, layer, Micros(start), Micros(end), Bytes: 0));
    }

    /// <summary>Reads that follow each other without a pause are one span.</summary>
    private void Served(ReadTicket read, long start, long end)
    {
        string what = read.Batch.IsDemand ? "demand" : "ahead";
        int layer = read.Batch.Layer.Value;
        long bytes = (long)read.Extent.SlotCount * _simulation.StrideBytes;
        int last = _spans.FindLastIndex(span => span.Lane == TimelineLane.Reading);
        if (last >= 0 && _spans[last] is { } before && before.What == what && before.Layer == layer
            && Math.Abs(before.EndMicros - Micros(start)) < 0.001)
        {
            _spans[last] = before with { EndMicros = Micros(end), Bytes = before.Bytes + bytes };
            return;
        }
        _spans.Add(new TimelineSpan(TimelineLane.Reading, what, layer, Micros(start), Micros(end), bytes));
    }

    private double Micros(long ticks) => (ticks - _start) / ModelledDevice.TicksPerMicro;
}
