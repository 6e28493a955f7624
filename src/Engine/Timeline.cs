using System.Text.Json;
using Neuralink.Actors;

namespace Neuralink;

/// <summary>
/// Records what each actor does when, and writes it in Chrome's trace event format (chrome://tracing, ui.perfetto.dev): one track an
/// actor, complete events ("X") for work, asynchronous ones ("b", "e") for fetches, which overlap each other.
/// </summary>
public sealed class Timeline(TimeProvider time)
{
    private readonly List<TimelineTrack> _tracks = [];
    private readonly long _origin = time.GetTimestamp();

    /// <summary>The tracks, in the order in which they were added.</summary>
    internal IReadOnlyList<TimelineTrack> Tracks => _tracks;

    /// <summary>What the run came to, a JSON object, which goes beside the events as their "otherData"; or null.</summary>
    public string? SummaryJson { get; set; }

    /// <summary>A new track. Called before the actors start.</summary>
    internal TimelineTrack AddTrack(string name)
    {
        TimelineTrack track = new(name);
        _tracks.Add(track);
        return track;
    }

    /// <summary>Writes everything recorded so far.</summary>
    public void Write(Stream stream)
    {
        using Utf8JsonWriter json = new(stream);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ms");
        json.WriteStartArray("traceEvents");
        long id = 0;
        for (int track = 0; track < _tracks.Count; track++)
        {
            int thread = track + 1;
            json.WriteStartObject();
            json.WriteString("ph", "M");
            json.WriteString("name", "thread_name");
            json.WriteNumber("pid", 1);
            json.WriteNumber("tid", thread);
            json.WriteStartObject("args");
            json.WriteString("name", _tracks[track].Name);
            json.WriteEndObject();
            json.WriteEndObject();
            foreach (TimelineSpan span in _tracks[track].Snapshot())
            {
                if (span.IsOverlapping)
                {
                    id++;
                    WriteEvent(json, span, "b", thread, span.Start, id);
                    WriteEvent(json, span, "e", thread, span.End, id);
                }
                else
                {
                    WriteEvent(json, span, "X", thread, span.Start, id: null);
                }
            }
        }
        json.WriteEndArray();
        if (SummaryJson is { } summary)
        {
            json.WritePropertyName("otherData");
            json.WriteRawValue(summary);
        }
        json.WriteEndObject();
    }

    private void WriteEvent(Utf8JsonWriter json, TimelineSpan span, string phase, int thread, long at, long? id)
    {
        json.WriteStartObject();
        json.WriteString("ph", phase);
        json.WriteString("name", $"{span.Name} {span.Layer.Value}");
        json.WriteString("cat", span.IsOverlapping ? "fetch" : "work");
        json.WriteNumber("pid", 1);
        json.WriteNumber("tid", thread);
        json.WriteNumber("ts", time.GetElapsedTime(_origin, at).TotalMicroseconds);
        if (id is { } number)
            json.WriteString("id", $"0x{number:x}");
        else
            json.WriteNumber("dur", time.GetElapsedTime(span.Start, span.End).TotalMicroseconds);
        json.WriteStartObject("args");
        json.WriteNumber("layer", span.Layer.Value);
        json.WriteNumber(span.Unit, span.Count);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
