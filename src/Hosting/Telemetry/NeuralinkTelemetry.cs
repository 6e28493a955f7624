using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Neuralink.Hosting;

/// <summary>
/// What a host's telemetry is told of texts, by OpenTelemetry's semantic conventions for generative AI (gen_ai.*). The meter and the
/// activity source are called <see cref="Name"/>.
/// </summary>
public sealed class NeuralinkTelemetry : IDisposable
{
    /// <summary>Of the meter and of the activity source, for AddMeter and AddSource.</summary>
    public const string Name = "Neuralink";

    // The conventions' boundaries, in seconds and tokens.
    private static readonly double[] s_operation = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
    private static readonly double[] s_first = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
    private static readonly double[] s_token = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];
    private static readonly long[] s_tokens =
        [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

    /// <param name="meters">The host's.</param>
    /// <param name="time">The clock.</param>
    public NeuralinkTelemetry(IMeterFactory meters, TimeProvider time)
    {
        Time = time;
        Meter = meters.Create(Name);
        OperationDuration = Seconds("gen_ai.client.operation.duration", "GenAI operation duration.", s_operation);
        TimeToFirstChunk = Seconds("gen_ai.client.operation.time_to_first_chunk", "Time to receive the first chunk.", s_operation);
        TimePerOutputChunk = Seconds(
            "gen_ai.client.operation.time_per_output_chunk", "Time per output chunk after the first one.", s_operation);
        RequestDuration = Seconds(
            "gen_ai.server.request.duration", "Generative AI server request duration, to the last output token.", s_operation);
        TimeToFirstToken = Seconds(
            "gen_ai.server.time_to_first_token", "Time to generate the first token, for successful responses.", s_first);
        TimePerOutputToken = Seconds(
            "gen_ai.server.time_per_output_token", "Time per output token after the first one, for successful responses.", s_token);
        TokenUsage = Meter.CreateHistogram(
            "gen_ai.client.token.usage", "{token}", "Number of input and output tokens used.", tags: null,
            new InstrumentAdvice<long> { HistogramBucketBoundaries = s_tokens });
    }

    internal TimeProvider Time { get; }

    internal Meter Meter { get; }

    internal ActivitySource Source { get; } = new(Name);

    internal Histogram<double> OperationDuration { get; }

    internal Histogram<double> TimeToFirstChunk { get; }

    internal Histogram<double> TimePerOutputChunk { get; }

    internal Histogram<double> RequestDuration { get; }

    internal Histogram<double> TimeToFirstToken { get; }

    internal Histogram<double> TimePerOutputToken { get; }

    internal Histogram<long> TokenUsage { get; }

    /// <summary>The meter is the factory's.</summary>
    public void Dispose() => Source.Dispose();

    /// <summary>The attributes that all of it has.</summary>
    internal static TagList Tags(string operation, string model) => new()
    {
        { "gen_ai.operation.name", operation },
        { "gen_ai.provider.name", "neuralink" },
        { "gen_ai.request.model", model },
        { "gen_ai.response.model", model },
    };

    private Histogram<double> Seconds(string name, string description, double[] boundaries) => Meter.CreateHistogram(
        name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });
}
