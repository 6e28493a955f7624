using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Neuralink.Storage;

namespace Neuralink.Hosting.Tests.Telemetry;

/// <summary>What happens in the engine is told to those who listen, in the terms of OpenTelemetry.</summary>
public sealed class TelemetryTests(ServedModel served) : IClassFixture<ServedModel>
{
    private static readonly ChatOptions s_greedy = new() { Temperature = 0, MaxOutputTokens = 5, Seed = 7, StopSequences = ["never"] };

    [Fact]
    public async Task A_streamed_answer_is_measured_by_the_conventions()
    {
        using Recorder recorder = new(served);
        List<ChatResponseUpdate> updates = await served.Client.GetStreamingResponseAsync("Once upon a time", s_greedy).ToListAsync();
        int chunks = updates.Count(update => update.Text.Length > 0);
        recorder.Of("gen_ai.client.operation.duration").Should().ContainSingle().Which.Tags.Should().BeEquivalentTo(Tags());
        recorder.Of("gen_ai.server.request.duration").Should().ContainSingle().Which.Value.Should().BePositive();
        recorder.Of("gen_ai.client.operation.time_to_first_chunk").Should().ContainSingle().Which.Tags.Should().BeEquivalentTo(Tags());
        recorder.Of("gen_ai.client.operation.time_per_output_chunk").Should().HaveCount(chunks - 1);
        recorder.Of("gen_ai.server.time_to_first_token").Should().ContainSingle().Which.Value.Should().BePositive();
        recorder.Of("gen_ai.server.time_per_output_token").Should().ContainSingle().Which.Value.Should().BePositive();
        UsageDetails usage = updates.ToChatResponse().Usage!;
        recorder.Of("gen_ai.client.token.usage").Select(m => ((string)m.Tags["gen_ai.token.type"]!, (long)m.Value))
            .Should().BeEquivalentTo([("input", usage.InputTokenCount!.Value), ("output", 5L)]);
    }

    [Fact]
    public async Task A_whole_answer_has_no_chunks()
    {
        using Recorder recorder = new(served);
        await served.Client.GetResponseAsync("Once upon a time", s_greedy);
        recorder.Of("gen_ai.client.operation.duration").Should().ContainSingle();
        recorder.Of("gen_ai.client.operation.time_to_first_chunk").Should().BeEmpty();
    }

    [Fact]
    public async Task A_text_is_an_activity_below_the_callers_own()
    {
        using Recorder recorder = new(served);
        using Activity caller = new Activity("caller").Start();
        await served.Client.GetResponseAsync("Once upon a time", s_greedy);
        Activity activity = recorder.Activities.Should().ContainSingle().Subject;
        activity.DisplayName.Should().Be($"chat {served.Local.Name}");
        activity.ParentSpanId.Should().Be(caller.SpanId);
        activity.GetTagItem("gen_ai.request.max_tokens").Should().Be(5);
        activity.GetTagItem("gen_ai.request.seed").Should().Be(7L);
        activity.GetTagItem("gen_ai.request.stop_sequences").Should().BeEquivalentTo(new[] { "never" });
        activity.GetTagItem("gen_ai.response.finish_reasons").Should().BeEquivalentTo(new[] { "length" });
        activity.GetTagItem("gen_ai.usage.output_tokens").Should().Be(5);
        activity.GetTagItem("neuralink.flash.bytes_read").Should().BeOfType<long>();
        activity.Status.Should().Be(ActivityStatusCode.Unset);
    }

    [Fact]
    public async Task A_failure_and_a_text_that_nobody_reads_to_its_end_say_so()
    {
        using Recorder recorder = new(served);
        Func<Task> tooMuch = () => served.Client.GetResponseAsync("x", new ChatOptions { MaxOutputTokens = 999 });
        await tooMuch.Should().ThrowAsync<NeuralinkException>();
        recorder.Of("gen_ai.client.operation.duration").Should().ContainSingle()
            .Which.Tags["error.type"].Should().BeOfType<string>().Which.Should().StartWith("Neuralink.");
        recorder.Activities.Should().ContainSingle().Which.Status.Should().Be(ActivityStatusCode.Error);
        await foreach (ChatResponseUpdate _ in served.Client.GetStreamingResponseAsync("Once upon a time", s_greedy))
            break;
        recorder.Of("gen_ai.client.operation.duration")[^1].Tags["error.type"].Should().Be("cancelled");
        recorder.Of("gen_ai.client.token.usage").Should().BeEmpty();
    }

    [Fact]
    public async Task The_engines_totals_and_state_are_there_for_whoever_asks()
    {
        using Recorder recorder = new(served);
        recorder.Ask();
        ChatResponse answer = await served.Client.GetResponseAsync("The dog ran", s_greedy);
        IReadOnlyList<Measured> before = recorder.Of("neuralink.tokens.generated");
        recorder.Ask();
        IReadOnlyList<Measured> after = recorder.Of("neuralink.tokens.generated");
        (after[^1].Value - before[^1].Value).Should().Be(answer.Usage!.OutputTokenCount);
        after[^1].Tags.Should().Contain("gen_ai.request.model", served.Local.Name);
        string[] all =
        [
            "neuralink.flash.bytes_read", "neuralink.flash.reads", "neuralink.flash.retries", "neuralink.flash.wait",
            "neuralink.neurons.wanted", "neuralink.cache.hits", "neuralink.cache.hit_rate", "neuralink.lookahead.hits",
            "neuralink.lookahead.wasted", "neuralink.demand_misses", "neuralink.tokens.prompt", "neuralink.tokens.reused",
            "neuralink.tokens.generated", "neuralink.requests.running", "neuralink.requests.waiting", "neuralink.requests.paused",
            "neuralink.kv.blocks", "neuralink.kv.blocks.free", "neuralink.kv.blocks.kept",
        ];
        foreach (string name in all)
            recorder.Of(name).Should().HaveCount(2, name);
        recorder.Of("neuralink.requests").Select(m => m.Tags["neuralink.outcome"]).Distinct()
            .Should().BeEquivalentTo(new[] { "finished", "failed", "cancelled" });
        double Last(string name) => recorder.Of(name)[^1].Value;
        Last("neuralink.neurons.wanted").Should().BeGreaterThanOrEqualTo(Last("neuralink.cache.hits") + Last("neuralink.demand_misses"));
        Last("neuralink.kv.blocks").Should().BePositive();
        Last("neuralink.flash.bytes_read").Should().BePositive();
    }

    [Fact]
    public async Task Health_checks_say_that_the_engine_is_ready_and_its_actor_system_alive()
    {
        HealthReport report = await served.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        report.Entries.Should().HaveCount(2);
        report.Entries["neuralink"].Status.Should().Be(HealthStatus.Healthy);
        report.Entries["neuralink"].Tags.Should().Contain("ready");
        report.Entries.Values.Single(entry => entry.Tags.Contains("akka")).Status.Should().Be(HealthStatus.Healthy);
    }

    private Dictionary<string, object?> Tags() => new()
    {
        ["gen_ai.operation.name"] = "chat",
        ["gen_ai.provider.name"] = "neuralink",
        ["gen_ai.request.model"] = served.Local.Name,
        ["gen_ai.response.model"] = served.Local.Name,
    };

    private sealed record Measured(string Instrument, double Value, IReadOnlyDictionary<string, object?> Tags);

    /// <summary>Listens to the host's own meter and activity source, and to no other host's of the process.</summary>
    private sealed class Recorder : IDisposable
    {
        private readonly MeterListener _meters = new();
        private readonly ActivityListener _activities;
        private readonly List<Measured> _measured = [];

        public Recorder(ServedModel served)
        {
            NeuralinkTelemetry telemetry = served.Services.GetRequiredService<NeuralinkTelemetry>();
            _meters.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == telemetry.Meter)
                    listener.EnableMeasurementEvents(instrument);
            };
            _meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _meters.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
            _meters.Start();
            _activities = new ActivityListener
            {
                ShouldListenTo = source => source == telemetry.Source,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = Activities.Add,
            };
            ActivitySource.AddActivityListener(_activities);
        }

        public List<Activity> Activities { get; } = [];

        public IReadOnlyList<Measured> Of(string instrument) => [.. _measured.Where(m => m.Instrument == instrument)];

        public void Ask() => _meters.RecordObservableInstruments();

        public void Dispose()
        {
            _meters.Dispose();
            _activities.Dispose();
        }

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            _measured.Add(new Measured(instrument.Name, value, new Dictionary<string, object?>(tags.ToArray(), StringComparer.Ordinal)));
    }
}
