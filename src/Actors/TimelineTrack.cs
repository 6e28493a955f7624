using Neuralink.Placement;

namespace Neuralink.Actors;

/// <summary>The spans of one actor. One writer; read when the generation is over.</summary>
internal sealed class TimelineTrack(string name)
{
    private readonly List<TimelineSpan> _spans = [];
    private readonly Lock _gate = new();

    /// <summary>The actor.</summary>
    public string Name { get; } = name;

    /// <summary>A span that lies within or beside the track's others.</summary>
    /// <param name="name">What was done.</param>
    /// <param name="layer">For which layer.</param>
    /// <param name="start">Clock ticks.</param>
    /// <param name="end">Clock ticks.</param>
    /// <param name="unit">What <paramref name="count"/> counts.</param>
    /// <param name="count">How many.</param>
    public void Span(string name, LayerIndex layer, long start, long end, string unit, int count) =>
        Add(new TimelineSpan(name, layer, start, end, unit, count, IsOverlapping: false));

    /// <summary>A span that may overlap others of the track in part, as fetches do.</summary>
    public void Overlapping(string name, LayerIndex layer, long start, long end, string unit, int count) =>
        Add(new TimelineSpan(name, layer, start, end, unit, count, IsOverlapping: true));

    /// <summary>A copy of what there is so far.</summary>
    public IReadOnlyList<TimelineSpan> Snapshot()
    {
        lock (_gate)
            return [.. _spans];
    }

    private void Add(TimelineSpan span)
    {
        lock (_gate)
            _spans.Add(span);
    }
}

/// <summary>Something that took time. Start and end are ticks of the recorder's clock.</summary>
internal readonly record struct TimelineSpan(
    string Name, LayerIndex Layer, long Start, long End, string Unit, int Count, bool IsOverlapping);
