using Neuralink.Server.Generation;

namespace Neuralink.Server.Answers;

/// <summary>
/// How one API writes an answer: as one JSON value, or as a stream of them. Values are of types that <see cref="ServerJson"/> knows.
/// </summary>
internal abstract class AnswerFormat
{
    /// <summary>Whether a stream is server-sent events, and not lines of JSON.</summary>
    public abstract bool IsEventStream { get; }

    /// <summary>What a stream begins with.</summary>
    /// <param name="count">How many choices there are.</param>
    public virtual IEnumerable<object> Begin(int count) => [];

    /// <summary>A part of a stream.</summary>
    public abstract IEnumerable<object> Update(ChoiceUpdate update);

    /// <summary>What a stream ends with.</summary>
    /// <param name="results">Of the choices, in order.</param>
    public virtual IEnumerable<object> End(IReadOnlyList<GenerationResult> results) => [];

    /// <summary>The whole answer.</summary>
    /// <param name="choices">In order.</param>
    public abstract object Whole(IReadOnlyList<Choice> choices);

    /// <summary>Why a text ended, in the words of all these APIs.</summary>
    protected static string ReasonOf(GenerationResult result) => result.FinishReason == FinishReason.Stop ? "stop" : "length";
}
