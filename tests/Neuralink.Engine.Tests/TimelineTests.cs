using System.Text.Json;
using Neuralink.Actors;
using Neuralink.Engine.Tests.Pipeline;
using Neuralink.Placement;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests;

public sealed class TimelineTests
{
    [Fact]
    public async Task An_overlapped_run_fetches_for_the_next_layer_while_a_layer_computes()
    {
        Timeline timeline = await RecordAsync(ExecutionStrategy.Prefetch);
        TimelineSpan[] compute = [.. Spans(timeline, "Compute").Where(s => s.Name.StartsWith("ffn", StringComparison.Ordinal))];
        TimelineSpan[] ahead = [.. Spans(timeline, "Io").Where(s => s.Name == "fetch (lookahead)")];
        ahead.Should().Contain(f => compute.Any(c => c.Layer.Value == f.Layer.Value - 1 && f.Start < c.End && c.Start < f.End));
    }

    [Fact]
    public async Task A_serial_run_fetches_nothing_ahead()
    {
        Timeline timeline = await RecordAsync(ExecutionStrategy.Serial);
        Spans(timeline, "Io").Should().NotBeEmpty().And.OnlyContain(f => f.Name == "fetch (demand)");
    }

    [Fact]
    public async Task The_file_is_a_trace_of_one_track_an_actor()
    {
        Timeline timeline = await RecordAsync(ExecutionStrategy.Prefetch);
        using MemoryStream stream = new();
        timeline.Write(stream);
        using JsonDocument document = JsonDocument.Parse(stream.ToArray());
        JsonElement[] events = [.. document.RootElement.GetProperty("traceEvents").EnumerateArray()];
        events.Where(e => Text(e, "ph") == "M").Select(e => Text(e.GetProperty("args"), "name"))
            .Should().Equal("Predictor", "Io", "Compute");
        events.Count(e => Text(e, "ph") == "b").Should().BePositive().And.Be(events.Count(e => Text(e, "ph") == "e"));
        events.Where(e => Text(e, "ph") == "X").Should().NotBeEmpty().And.OnlyContain(e => e.GetProperty("dur").GetDouble() >= 0);
    }

    [Fact]
    public void A_span_is_written_with_its_time_since_the_recorder_was_made()
    {
        ManualClock clock = new();
        Timeline timeline = new(clock);
        TimelineTrack track = timeline.AddTrack("Compute");
        track.Span("ffn", new LayerIndex(3), start: 500, end: 1250, "neurons", 7);
        using MemoryStream stream = new();
        timeline.Write(stream);
        using JsonDocument document = JsonDocument.Parse(stream.ToArray());
        JsonElement span = document.RootElement.GetProperty("traceEvents")[1];
        Text(span, "name").Should().Be("ffn 3");
        span.GetProperty("ts").GetDouble().Should().Be(500);
        span.GetProperty("dur").GetDouble().Should().Be(750);
        span.GetProperty("args").GetProperty("neurons").GetInt32().Should().Be(7);
    }

    private static async Task<Timeline> RecordAsync(ExecutionStrategy strategy)
    {
        Timeline timeline = new(TimeProvider.System);
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            BundledModel.Image,
            new EngineOptions { Threads = 1, Strategy = strategy, Cache = CacheSize.OfShare(0.02), LookaheadPrecisionMin = 0 }, timeline);
        await engine.RunAsync(BundledModel.Greedy[0].PromptIds, 16);
        return timeline;
    }

    private static IReadOnlyList<TimelineSpan> Spans(Timeline timeline, string track) =>
        timeline.Tracks.Single(t => t.Name == track).Snapshot();

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    /// <summary>A tick a microsecond, and it stands still.</summary>
    private sealed class ManualClock : TimeProvider
    {
        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp() => 0;
    }
}
