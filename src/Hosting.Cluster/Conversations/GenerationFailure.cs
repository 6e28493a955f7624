namespace Neuralink.Hosting.Cluster.Conversations;

/// <summary>Which exception a failure was, and is again on the node that waits.</summary>
internal enum FailureKind
{
    /// <summary>A <see cref="NeuralinkException"/> of no other kind here.</summary>
    Refused,

    /// <summary>An exception that nobody expected.</summary>
    Fault,

    /// <summary><see cref="NodeLostException"/>.</summary>
    NodeLost,

    /// <summary><see cref="OperationCanceledException"/>.</summary>
    Cancelled,

    /// <summary><see cref="EngineBusyException"/>.</summary>
    Busy,

    /// <summary><see cref="ContextOverflowException"/>.</summary>
    ContextOverflow,

    /// <summary><see cref="DeadlineExceededException"/>.</summary>
    DeadlineExceeded,
}

/// <summary>An exception in the form in which it crosses nodes.</summary>
/// <param name="Kind">Which one.</param>
/// <param name="Operation">As of <see cref="NeuralinkException"/>.</param>
/// <param name="Expected">The same.</param>
/// <param name="Found">The same.</param>
/// <param name="Advice">The same.</param>
/// <param name="Counts">The numbers that an exception of its own kind has, in the order of its properties.</param>
internal sealed record GenerationFailure(
    FailureKind Kind, string Operation, string? Expected, string Found, string? Advice, IReadOnlyList<int> Counts)
{
    public static GenerationFailure Of(Exception error) => error switch
    {
        NodeLostException e => Of(FailureKind.NodeLost, e),
        EngineBusyException e => Of(FailureKind.Busy, e, e.Jobs),
        ContextOverflowException e => Of(FailureKind.ContextOverflow, e, e.PromptTokens, e.NewTokens, e.ContextTokens),
        DeadlineExceededException e => Of(FailureKind.DeadlineExceeded, e),
        NeuralinkException e => Of(FailureKind.Refused, e),
        OperationCanceledException => new GenerationFailure(FailureKind.Cancelled, "", null, "", null, []),
        _ => new GenerationFailure(
            FailureKind.Fault, "generate on another node", null, $"{error.GetType().Name}: {error.Message}", null, []),
    };

    /// <summary>The exception again.</summary>
    /// <param name="request">What failed; a node knows only how much of its deadline was left.</param>
    /// <param name="tokens">Tokens that had come.</param>
    public Exception ToException(GenerationRequest request, int tokens) => Kind switch
    {
        FailureKind.NodeLost => new NodeLostException(Operation, Expected, Found),
        FailureKind.Cancelled => new OperationCanceledException(),
        FailureKind.Busy when Counts is [int jobs] => new EngineBusyException(jobs),
        FailureKind.ContextOverflow when Counts is [int prompt, int added, int context] =>
            new ContextOverflowException(prompt, added, context),
        FailureKind.DeadlineExceeded when request.Deadline is { } deadline => new DeadlineExceededException(deadline, tokens),
        _ => new NeuralinkException(Operation, Expected, Found, Advice),
    };

    private static GenerationFailure Of(FailureKind kind, NeuralinkException error, params int[] counts) =>
        new(kind, error.Operation, error.Expected, error.Found, error.Advice, counts);
}
