using System.Text.Json.Serialization;
using Neuralink.Server.Generation;

namespace Neuralink.Server.Answers;

/// <summary>The answer of /v1/completions, whole or a part of it.</summary>
internal sealed record CompletionAnswer(
    string Id, string Object, long Created, string Model, IReadOnlyList<CompletionChoice> Choices) : Measured
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Usage? Usage { get; init; }
}

internal sealed record CompletionChoice(int Index, string Text, CompletionLogProbs? Logprobs, string? FinishReason) : Measured;

/// <summary>Writes completions as OpenAI does.</summary>
/// <param name="head">What each part begins with.</param>
/// <param name="copies">Choices of each prompt.</param>
/// <param name="includeUsage">Whether a stream ends with usage.</param>
/// <param name="echoes">Each prompt, which comes before its choices; null leaves it out.</param>
/// <param name="logProbs">How probabilities are written, or null where nobody asks for them.</param>
internal sealed class CompletionFormat(
    AnswerHead head, int copies, bool includeUsage, IReadOnlyList<PromptEcho>? echoes, LogProbShapes? logProbs) : AnswerFormat
{
    private readonly Dictionary<int, int> _offsets = [];      // of a choice's next token in its text

    public override bool IsEventStream => true;

    public override IEnumerable<object> Begin(int count) => echoes is null ? []
        : Enumerable.Range(0, count).Select(index => Part(index, EchoOf(index).Text, EchoOf(index).Tokens));

    public override IEnumerable<object> Update(ChoiceUpdate update)
    {
        if (update.Text.Length > 0 || update.Tokens.Count > 0)
            yield return Part(update.Index, update.Text, update.Tokens);
        if (update.Result is { } result)
            yield return Part(update.Index, "", reason: ReasonOf(result)) with { Timings = Timings.Of(result), Io = result.Io };
    }

    public override IEnumerable<object> End(IReadOnlyList<GenerationResult> results) => !includeUsage ? []
        : [new CompletionAnswer(head.Id, head.Object, head.Created, head.Model, []) { Usage = Usage.Of(results, copies) }];

    public override object Whole(IReadOnlyList<Choice> choices)
    {
        bool isOne = choices.Count == 1;
        return new CompletionAnswer(head.Id, head.Object, head.Created, head.Model, [.. choices.Select(ToChoice)])
        {
            Usage = Usage.Of([.. choices.Select(choice => choice.Result)], copies),
            Timings = isOne ? Timings.Of(choices[0].Result) : null,
            Io = isOne ? choices[0].Result.Io : null,
        };

        CompletionChoice ToChoice(Choice choice, int index) => new(
            index, EchoOf(index).Text + choice.Text, Written(index, [.. EchoOf(index).Tokens, .. choice.Tokens]), ReasonOf(choice.Result))
        {
            Timings = isOne ? null : Timings.Of(choice.Result),
            Io = isOne ? null : choice.Result.Io,
        };
    }

    private PromptEcho EchoOf(int index) => echoes?[index / copies] ?? PromptEcho.None;

    private CompletionAnswer Part(int index, string text, IReadOnlyList<TokenEntry>? tokens = null, string? reason = null) =>
        new(head.Id, head.Object, head.Created, head.Model,
            [new CompletionChoice(index, text, tokens is null ? null : Written(index, tokens), reason)]);

    private CompletionLogProbs? Written(int index, IReadOnlyList<TokenEntry> tokens)
    {
        if (logProbs is null)
            return null;
        int offset = _offsets.GetValueOrDefault(index);
        CompletionLogProbs written = logProbs.Completion(tokens, ref offset);
        _offsets[index] = offset;
        return written;
    }
}
