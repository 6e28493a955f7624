using Neuralink.Models.Inference;

namespace Neuralink.Actors.Protocols;

/// <summary>
/// One forward pass.
/// <code>
/// Generation                          Compute
///     | RunPass                          |
///     |---------------------------------&gt;|
///     |                         PassDone |   each part has been given its logits
///     |&lt;---------------------------------|
///     |                or     PassFailed |   flash failed; every lease is returned
///     |&lt;---------------------------------|
///     | AbandonPass                      |   at any moment, and at the end of a text
///     |---------------------------------&gt;|
///     |                    PassAbandoned |   every lease is returned, nothing is in flight
///     |&lt;---------------------------------|
/// </code>
/// </summary>
internal static class PassProtocol
{
    /// <summary>Run a pass. Its rows are the tokens of all parts, which go through the layers together.</summary>
    /// <param name="Pass">Its number, above all earlier ones.</param>
    /// <param name="Parts">At least one, of different sequences, with at most the chunk size of tokens in all.</param>
    /// <param name="LooksAhead">Whether it looks ahead, where the strategy does.</param>
    public sealed record RunPass(PassId Pass, IReadOnlyList<SequencePart> Parts, bool LooksAhead = true)
        : INoSerializationVerificationNeeded;

    /// <summary>The pass is through, and all logits have been taken.</summary>
    public sealed record PassDone(PassId Pass) : INoSerializationVerificationNeeded;

    /// <summary>The pass ended with an operating error.</summary>
    public sealed record PassFailed(PassId Pass, Exception Error) : INoSerializationVerificationNeeded;

    /// <summary>
    /// Drop the pass if it still runs, and say when nothing of it is left: no lease, no read in flight, no count to come.
    /// </summary>
    public sealed record AbandonPass(PassId Pass) : INoSerializationVerificationNeeded;

    /// <summary>Nothing of the pass is left.</summary>
    public sealed record PassAbandoned(PassId Pass) : INoSerializationVerificationNeeded;
}

/// <summary>What a pass takes of one sequence: a chunk of its prompt, or its last token. Compute's until the pass has ended.</summary>
/// <param name="Sequence">The keys and values that the tokens follow; grows by theirs.</param>
/// <param name="Tokens">At least one; not written any more.</param>
/// <param name="LogitsCount">Of how many of the last tokens the logits are wanted.</param>
/// <param name="TakeLogits">Takes these, token after token.</param>
internal sealed record SequencePart(KvSequence Sequence, ReadOnlyMemory<int> Tokens, int LogitsCount, TakeLogits TakeLogits);

/// <summary>Is given what follows a token, on Compute's thread: quick, and never throwing.</summary>
/// <param name="index">The token, in the part's tokens.</param>
/// <param name="logits">[vocabulary], valid during the call.</param>
internal delegate void TakeLogits(int index, ReadOnlySpan<float> logits);
