using Neuralink.Studies.Cells;

namespace Neuralink.Studies.Measuring;

/// <summary>What the actors of an engine did, as their timeline has it, in the words of a cell.</summary>
/// <param name="timeline">Where the engine records it.</param>
/// <param name="time">Its clock.</param>
/// <param name="strideBytes">Bytes of a neuron on flash.</param>
internal sealed class MeasuredTimeline(Timeline timeline, TimeProvider time, int strideBytes)
{
    // A pass ends with its logits.
    private const string Logits = "logits";

    private readonly Actors.TimelineSpan[] _spans =
        [.. timeline.Tracks.SelectMany(track => track.Snapshot()).OrderBy(span => span.Start)];

    /// <summary>Milliseconds of some work, by the words of <see cref="Cells.TimelineSpan.What"/>, for each pass from a moment on.</summary>
    /// <param name="since">The moment, in ticks.</param>
    /// <param name="work">The words.</param>
    public double MillisPerPass(long since, params string[] work)
    {
        IEnumerable<Actors.TimelineSpan> spans = _spans.Where(span => span.Start >= since);
        double passes = spans.Count(span => span.Name == Logits);
        return spans.Where(span => work.Contains(WordOf(span), StringComparer.Ordinal)).Sum(Millis) / passes;
    }

    /// <summary>The pass in the middle of those from a moment on, at least two.</summary>
    /// <param name="since">The moment, in ticks.</param>
    public CellTimeline MiddlePass(long since)
    {
        long[] ends = [.. _spans.Where(span => span.Start >= since && span.Name == Logits).Select(span => span.End)];
        int middle = ends.Length / 2;
        (long begin, long end) = (ends[middle - 1], ends[middle]);
        IEnumerable<TimelineSpan> spans = _spans.Where(span => span.End > begin && span.Start < end && WordOf(span) is not null).Select(
            span => new TimelineSpan(
                span.IsOverlapping ? TimelineLane.Reading : TimelineLane.Computing, WordOf(span)!, span.Layer.Value,
                Micros(Math.Max(span.Start, begin)), Micros(Math.Min(span.End, end)),
                span.IsOverlapping ? (long)span.Count * strideBytes : 0));
        return new CellTimeline(Micros(end), [.. spans.OrderBy(s => s.Lane).ThenBy(s => s.StartMicros)]);

        double Micros(long at) => time.GetElapsedTime(begin, at).TotalMicroseconds;
    }

    private double Millis(Actors.TimelineSpan span) => time.GetElapsedTime(span.Start, span.End).TotalMilliseconds;

    /// <summary>Null of a wait, which is what is left.</summary>
    private static string? WordOf(Actors.TimelineSpan span) => span.Name switch
    {
        "attention" => "attention",
        Logits => "logits",
        "predict" => "predictor",
        "lookahead" => "lookahead",
        "ffn hits" => "hits",
        "ffn cluster" => "arrived",
        "ffn down" => "down",
        "fetch (demand)" => "demand",
        "fetch (lookahead)" or "fetch (warm-up)" => "ahead",
        _ => null,
    };
}
