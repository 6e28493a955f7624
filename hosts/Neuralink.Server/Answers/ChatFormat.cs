using System.Text.Json.Serialization;
using Neuralink.Server.Generation;

namespace Neuralink.Server.Answers;

/// <summary>The answer of /v1/chat/completions.</summary>
internal sealed record ChatAnswer(
    string Id, string Object, long Created, string Model, IReadOnlyList<ChatChoice> Choices, Usage Usage) : Measured;

internal sealed record ChatChoice(int Index, ChatAnswerMessage Message, ChatLogProbs? Logprobs, string FinishReason) : Measured;

internal sealed record ChatAnswerMessage(string Role, string Content);

/// <summary>A part of a streamed chat answer.</summary>
internal sealed record ChatChunk(string Id, string Object, long Created, string Model, IReadOnlyList<ChatDeltaChoice> Choices) : Measured
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Usage? Usage { get; init; }
}

internal sealed record ChatDeltaChoice(int Index, ChatDelta Delta, ChatLogProbs? Logprobs, string? FinishReason);

internal sealed record ChatDelta
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }

    /// <summary>More of the text; null in the chunk that ends it. It is there in any case, as clients read it without asking.</summary>
    public string? Content { get; init; }
}

/// <summary>
/// Writes chat answers as OpenAI does. A stream's first chunk of each choice has the role and nothing else, the one that ends it has the
/// reason and no text, and usage, where it is wanted, comes in a chunk of its own without choices.
/// </summary>
/// <param name="head">What each part begins with.</param>
/// <param name="copies">Choices of the prompt.</param>
/// <param name="includeUsage">Whether a stream ends with usage.</param>
/// <param name="logProbs">How probabilities are written, or null where nobody asks for them.</param>
internal sealed class ChatFormat(AnswerHead head, int copies, bool includeUsage, LogProbShapes? logProbs) : AnswerFormat
{
    private const string Assistant = "assistant";

    public override bool IsEventStream => true;

    public override IEnumerable<object> Begin(int count) =>
        Enumerable.Range(0, count).Select(index => Chunk(index, new ChatDelta { Role = Assistant, Content = "" }));

    public override IEnumerable<object> Update(ChoiceUpdate update)
    {
        if (update.Text.Length > 0 || update.Tokens.Count > 0)
            yield return Chunk(update.Index, new ChatDelta { Content = update.Text }, update.Tokens);
        if (update.Result is { } result)
        {
            yield return Chunk(update.Index, new ChatDelta(), reason: ReasonOf(result)) with
            {
                Timings = Timings.Of(result),
                Io = result.Io,
            };
        }
    }

    public override IEnumerable<object> End(IReadOnlyList<GenerationResult> results) => !includeUsage ? []
        : [new ChatChunk(head.Id, head.Object, head.Created, head.Model, []) { Usage = Usage.Of(results, copies) }];

    public override object Whole(IReadOnlyList<Choice> choices)
    {
        bool isOne = choices.Count == 1;
        Usage usage = Usage.Of([.. choices.Select(choice => choice.Result)], copies);
        return new ChatAnswer(head.Id, head.Object, head.Created, head.Model, [.. choices.Select(ToChoice)], usage)
        {
            Timings = isOne ? Timings.Of(choices[0].Result) : null,
            Io = isOne ? choices[0].Result.Io : null,
        };

        ChatChoice ToChoice(Choice choice, int index) => new(
            index, new ChatAnswerMessage(Assistant, choice.Text), logProbs?.Chat(choice.Tokens), ReasonOf(choice.Result))
        {
            Timings = isOne ? null : Timings.Of(choice.Result),
            Io = isOne ? null : choice.Result.Io,
        };
    }

    private ChatChunk Chunk(int index, ChatDelta delta, IReadOnlyList<TokenEntry>? tokens = null, string? reason = null)
    {
        ChatLogProbs? written = logProbs is null || tokens is null ? null : logProbs.Chat(tokens);
        return new ChatChunk(head.Id, head.Object, head.Created, head.Model, [new ChatDeltaChoice(index, delta, written, reason)]);
    }
}
