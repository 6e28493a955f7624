using System.Text.Json.Serialization;
using Neuralink.Server.Generation;

namespace Neuralink.Server.Answers;

/// <summary>An answer of Ollama's API, or a line of it: of /api/generate with a response, of /api/chat with a message.</summary>
internal sealed record OllamaAnswer(string Model, string CreatedAt, bool Done) : Measured
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Response { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChatAnswerMessage? Message { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChatLogProb>? Logprobs { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DoneReason { get; init; }

    /// <summary>The tokens so far, which a client may send with its next request to go on.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? Context { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? TotalDuration { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? LoadDuration { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? PromptEvalCount { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? PromptEvalDuration { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? EvalCount { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? EvalDuration { get; init; }
}

/// <summary>Writes answers as Ollama does: durations are nanoseconds, and counts are there whether a prompt was cached or not.</summary>
/// <param name="model">What the client calls the model.</param>
/// <param name="isChat">Whether a line has a message instead of a response.</param>
/// <param name="prompt">The prompt's tokens, for a client that goes on by them; null where it has messages.</param>
/// <param name="logProbs">How probabilities are written, or null.</param>
/// <param name="time">The clock; the request begins now.</param>
internal sealed class OllamaFormat(string model, bool isChat, int[]? prompt, LogProbShapes? logProbs, TimeProvider time) : AnswerFormat
{
    private readonly long _start = time.GetTimestamp();

    public override bool IsEventStream => false;

    public override IEnumerable<object> Update(ChoiceUpdate update)
    {
        if (update.Text.Length > 0 || update.Tokens.Count > 0)
            yield return Line(update.Text, update.Tokens);
        if (update.Result is { } result)
            yield return Ended(Line("", []), result);
    }

    public override object Whole(IReadOnlyList<Choice> choices) =>
        Ended(Line(choices[0].Text, choices[0].Tokens), choices[0].Result);

    /// <summary>What a request without a prompt gets: the model is loaded.</summary>
    public OllamaAnswer Loaded() => Line("", []) with { Done = true, DoneReason = "load" };

    private OllamaAnswer Line(string text, IReadOnlyList<TokenEntry> tokens) =>
        new(model, OllamaTime.Of(time.GetUtcNow()), Done: false)
        {
            Response = isChat ? null : text,
            Message = isChat ? new ChatAnswerMessage("assistant", text) : null,
            Logprobs = logProbs is null || tokens.Count == 0 ? null : logProbs.Chat(tokens).Content,
        };

    private OllamaAnswer Ended(OllamaAnswer line, GenerationResult result)
    {
        long promptNanos = Nanos(result.Timings.PromptMillis), evalNanos = Nanos(result.Timings.PredictedMillis);
        long total = Math.Max((long)(time.GetElapsedTime(_start).TotalMilliseconds * 1e6), promptNanos + evalNanos);
        return line with
        {
            Done = true,
            DoneReason = ReasonOf(result),
            Context = prompt is null ? null : [.. prompt, .. result.Tokens],
            TotalDuration = total,
            LoadDuration = total - promptNanos - evalNanos,      // waiting is all that comes before the prompt: the model is loaded
            PromptEvalCount = result.PromptTokens,
            PromptEvalDuration = promptNanos,
            EvalCount = result.Tokens.Count,
            EvalDuration = evalNanos,
            Timings = Timings.Of(result),
            Io = result.Io,
        };
    }

    private static long Nanos(double millis) => (long)(millis * 1e6);
}

/// <summary>A time as Go's clients read it: RFC 3339.</summary>
internal static class OllamaTime
{
    public static string Of(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
