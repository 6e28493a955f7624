using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Neuralink.Studies.Measuring;

namespace Neuralink.Cli.Measuring;

/// <summary>
/// One result as csv and JSON have it. From build_commit to samples_ts the keys are llama-bench's, with its units; the rest is ours: times
/// in milliseconds, sizes in bytes, shares and rates 0 to 1, neurons of a token. The names are a contract: new ones may be added.
/// </summary>
internal sealed record BenchRow
{
    public required string BuildCommit { get; init; }

    public required string CpuInfo { get; init; }

    public required string ModelFilename { get; init; }

    /// <summary>Architecture and weights, e.g. "llama f16".</summary>
    public required string ModelType { get; init; }

    public required long ModelSize { get; init; }

    [JsonPropertyName("model_n_params")]
    public required long Parameters { get; init; }

    /// <summary>Tokens of a prompt that go through the layers together.</summary>
    [JsonPropertyName("n_batch")]
    public required int ChunkTokens { get; init; }

    [JsonPropertyName("n_threads")]
    public required int Threads { get; init; }

    [JsonPropertyName("n_prompt")]
    public required int PromptTokens { get; init; }

    [JsonPropertyName("n_gen")]
    public required int GeneratedTokens { get; init; }

    /// <summary>When the first counted run began.</summary>
    public required string TestTime { get; init; }

    [JsonPropertyName("avg_ns")]
    public required long MeanNanos { get; init; }

    [JsonPropertyName("stddev_ns")]
    public required long DeviationNanos { get; init; }

    [JsonPropertyName("avg_ts")]
    public required double TokensPerSecond { get; init; }

    [JsonPropertyName("stddev_ts")]
    public required double TokensPerSecondDeviation { get; init; }

    [JsonPropertyName("samples_ns")]
    public required IReadOnlyList<long> SampleNanos { get; init; }

    [JsonPropertyName("samples_ts")]
    public required IReadOnlyList<double> SampleTokensPerSecond { get; init; }

    /// <summary>"cold", "warm" or "rotating".</summary>
    public required string Protocol { get; init; }

    /// <summary>Whether neurons came past the operating system's page cache.</summary>
    public required bool PastPageCache { get; init; }

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>"pp64", "tg64".</summary>
    public required string Test { get; init; }

    [JsonPropertyName("n_sequences")]
    public required int Sequences { get; init; }

    public required string Strategy { get; init; }

    public required string Io { get; init; }

    public required int QueueDepth { get; init; }

    public required string Predictor { get; init; }

    /// <summary>Null where the strategy does not look ahead.</summary>
    public required string? Lookahead { get; init; }

    public required long MemoryBytes { get; init; }

    public required long CacheBytes { get; init; }

    public required double CacheShare { get; init; }

    public required double BytesPerToken { get; init; }

    public required double ReadsPerToken { get; init; }

    public required double MeanReadBytes { get; init; }

    public required double HitRate { get; init; }

    [JsonPropertyName("wait_ms_per_token")]
    public required double WaitMillisPerToken { get; init; }

    public required double WaitShare { get; init; }

    [JsonPropertyName("io_ms_per_token")]
    public required double DeviceMillisPerToken { get; init; }

    public required double EffectiveBytesPerSecond { get; init; }

    public required double AheadOnTime { get; init; }

    public required double AheadLate { get; init; }

    public required double AheadWasted { get; init; }

    public required double DemandMisses { get; init; }

    public required double DemandBytes { get; init; }

    [JsonPropertyName("ttft_ms")]
    public required double FirstTokenMillis { get; init; }

    [JsonPropertyName("tpot_ms")]
    public required double? PerTokenMillis { get; init; }

    [JsonPropertyName("itl_p50_ms")]
    public required double? GapMedianMillis { get; init; }

    [JsonPropertyName("itl_p90_ms")]
    public required double? Gap90Millis { get; init; }

    [JsonPropertyName("itl_p99_ms")]
    public required double? Gap99Millis { get; init; }

    [JsonPropertyName("itl_worst_ms")]
    public required double? GapWorstMillis { get; init; }

    /// <summary>Of the whole bench: its first combination's time at the end over that before; null of one that was stopped.</summary>
    public required double? SentinelRatio { get; init; }

    /// <summary>What was chosen of each dimension; for the columns of the table.</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, string> Given { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public static BenchRow Of(BenchResult result, double? sentinelRatio)
    {
        (BenchSubject subject, RunMetrics m) = (result.Subject, result.Metrics);
        return new BenchRow
        {
            BuildCommit = Commit,
            CpuInfo = Processor.Name,
            ModelFilename = subject.Folder,
            ModelType = $"{subject.ModelType} {subject.Weights}",
            ModelSize = subject.Bytes,
            Parameters = subject.Parameters,
            ChunkTokens = subject.Memory.ChunkTokens,
            Threads = subject.Options.Threads,
            PromptTokens = result.Test.PromptTokens,
            GeneratedTokens = result.Test.GeneratedTokens,
            TestTime = result.Started.ToString("yyyy-MM-ddTHH:mm:ssZ"),
            MeanNanos = Nanos(m.Millis),
            DeviationNanos = Nanos(m.MillisDeviation),
            TokensPerSecond = m.TokensPerSecond,
            TokensPerSecondDeviation = m.TokensPerSecondDeviation,
            SampleNanos = [.. result.Runs.Select(r => Nanos(r.Millis))],
            SampleTokensPerSecond = [.. result.Runs.Select(r => r.TokensPerSecond)],
            Protocol = result.Protocol.ToString().ToLowerInvariant(),
            PastPageCache = subject.IsPastPageCache,
            Model = subject.Name,
            Test = result.Test.Name,
            Sequences = subject.Options.SequencesMax,
            Strategy = subject.Strategy,
            Io = subject.Io,
            QueueDepth = subject.Options.QueueDepth,
            Predictor = $"{subject.Options.Predictor}",
            Lookahead = subject.Lookahead?.ToString(),
            MemoryBytes = subject.Memory.TotalBytes,
            CacheBytes = subject.Memory.CacheBytes,
            CacheShare = subject.CacheShare,
            BytesPerToken = m.BytesPerToken,
            ReadsPerToken = m.ReadsPerToken,
            MeanReadBytes = m.MeanReadBytes,
            HitRate = m.HitRate,
            WaitMillisPerToken = m.WaitMillisPerToken,
            WaitShare = m.WaitShare,
            DeviceMillisPerToken = m.DeviceMillisPerToken,
            EffectiveBytesPerSecond = m.EffectiveBytesPerSecond,
            AheadOnTime = m.AheadOnTime,
            AheadLate = m.AheadLate,
            AheadWasted = m.AheadWasted,
            DemandMisses = m.DemandMisses,
            DemandBytes = m.DemandBytes,
            FirstTokenMillis = m.Latency.FirstTokenMillis,
            PerTokenMillis = m.Latency.PerTokenMillis,
            GapMedianMillis = m.Latency.GapMedianMillis,
            Gap90Millis = m.Latency.Gap90Millis,
            Gap99Millis = m.Latency.Gap99Millis,
            GapWorstMillis = m.Latency.GapWorstMillis,
            SentinelRatio = sentinelRatio,
            Given = result.Variant.Given,
        };
    }

    // The build writes it behind the version, where it is built in a repository.
    private static string Commit =>
        typeof(BenchRow).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')
            is [_, var commit] ? commit[..Math.Min(commit.Length, 8)] : "unknown";

    private static long Nanos(double millis) => (long)(millis * 1e6);
}

[JsonSerializable(typeof(BenchRow))]
internal sealed partial class BenchRowJson : JsonSerializerContext
{
    /// <summary>A row a line.</summary>
    public static BenchRowJson Lines { get; } = new(OptionsOf(isIndented: false));

    /// <summary>A row over many lines.</summary>
    public static BenchRowJson Indented { get; } = new(OptionsOf(isIndented: true));

    private static JsonSerializerOptions OptionsOf(bool isIndented) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = isIndented,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
