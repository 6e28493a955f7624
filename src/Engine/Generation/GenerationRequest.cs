using Neuralink.Models.Sampling;

namespace Neuralink;

/// <summary>What to generate.</summary>
public sealed record GenerationRequest
{
    /// <summary>The prompt's token ids, at least one.</summary>
    public required ReadOnlyMemory<int> Prompt { get; init; }

    /// <summary>The most tokens to generate; prompt and these fit the engine's context together.</summary>
    public int MaxTokens { get; init; } = 128;

    /// <summary>
    /// What it is to those who measure: "chat" or "text_completion", by OpenTelemetry's gen_ai.operation.name. The engine does without.
    /// </summary>
    public string Operation { get; init; } = "text_completion";

    /// <summary>How tokens are chosen.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Texts that end the generation; they are not part of the result.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>
    /// Of how many of the most probable tokens the probabilities are wanted beside each chosen one's
    /// (<see cref="TokenGenerated.LogProbs"/>), 0 or more; null computes none.
    /// </summary>
    public int? LogProbs { get; init; }

    /// <summary>Whether the model's own end tokens are ignored.</summary>
    public bool IgnoreEndTokens { get; init; }

    /// <summary>
    /// Whether keys and values that earlier texts left are used for what this prompt begins with, and its own are left for later ones, as
    /// long as there is room: a conversation then runs only what is new of each turn. The tokens stay the same.
    /// </summary>
    public bool SharesPrefix { get; init; }

    /// <summary>The most time that it may take, from the request on and with the wait for a place; null for any.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>
    /// Which conversation it belongs to, for hosts of several engines, which run a conversation where its keys and values are. An engine
    /// does without: it finds them by the tokens.
    /// </summary>
    public string? Conversation { get; init; }
}

/// <summary>Something that happens while a text is generated.</summary>
public abstract record GenerationEvent;

/// <summary>A token was generated.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Text">The text that has become certain with it; empty while a character is incomplete or a stop
/// text may be beginning.</param>
public sealed record TokenGenerated(int Id, string Text) : GenerationEvent
{
    /// <summary>
    /// The text that the token completes, although a stop text may be beginning in it: empty for a part of a character and for an end
    /// token. Joined, pieces are the text up to where a stop text cuts it off.
    /// </summary>
    public string Piece { get; init; } = "";

    /// <summary>How likely it was, and what else was; null unless <see cref="GenerationRequest.LogProbs"/> asks for it.</summary>
    public TokenLogProbs? LogProbs { get; init; }
}

/// <summary>The text is complete.</summary>
/// <param name="Result">All of it.</param>
/// <param name="Text">The end of the text that had been held back.</param>
public sealed record GenerationFinished(GenerationResult Result, string Text) : GenerationEvent;
