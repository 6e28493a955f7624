using System.Text.Json.Serialization;

namespace Neuralink.Server.Answers;

/// <summary>How long an answer took, under the names that llama-server gives it. Milliseconds, and tokens a second.</summary>
internal sealed record Timings(
    int CacheN, int PromptN, double PromptMs, double PromptPerTokenMs, double PromptPerSecond, int PredictedN, double PredictedMs,
    double PredictedPerSecond)
{
    public double PredictedPerTokenMs => PredictedMs / Math.Max(1, PredictedN);

    public static Timings Of(GenerationResult result)
    {
        GenerationTimings t = result.Timings;
        int run = result.PromptTokens - result.ReusedTokens;
        return new Timings(
            result.ReusedTokens, run, t.PromptMillis, t.PromptMillis / Math.Max(1, run), t.PromptPerSecond,
            result.Tokens.Count, t.PredictedMillis, t.PredictedPerSecond);
    }
}

/// <summary>How many tokens a request took. A prompt counts once, however many choices it has.</summary>
internal sealed record Usage(int PromptTokens, int CompletionTokens, PromptTokensDetails PromptTokensDetails)
{
    public int TotalTokens => PromptTokens + CompletionTokens;

    /// <param name="results">Of the choices: those of one prompt follow each other.</param>
    /// <param name="copies">Choices of a prompt.</param>
    public static Usage Of(IReadOnlyList<GenerationResult> results, int copies)
    {
        GenerationResult[] prompts = [.. results.Where((_, i) => i % copies == 0)];
        return new Usage(
            prompts.Sum(result => result.PromptTokens), results.Sum(result => result.Tokens.Count),
            new PromptTokensDetails(prompts.Sum(result => result.ReusedTokens)));
    }
}

/// <summary>Of the prompt's tokens, those whose keys and values were there.</summary>
internal sealed record PromptTokensDetails(int CachedTokens);

/// <summary>What every answer of OpenAI's API begins with.</summary>
internal sealed record AnswerHead(string Id, string Object, long Created, string Model)
{
    public static AnswerHead New(string prefix, string kind, string model, TimeProvider time) =>
        new($"{prefix}-{Guid.NewGuid():n}", kind, time.GetUtcNow().ToUnixTimeSeconds(), model);
}

/// <summary>What is measured of one choice, beside its text.</summary>
internal abstract record Measured
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyOrder(10)]
    public Timings? Timings { get; init; }

    /// <summary>What was read from flash for it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonPropertyOrder(11)]
    public IoMetrics? Io { get; init; }
}
