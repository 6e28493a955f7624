namespace Neuralink.Actors.Protocols;

/// <summary>
/// One forward pass.
/// <code>
/// Generation                          Compute
///     | RunPass                          |
///     |---------------------------------&gt;|
///     |                         PassDone |   the logits may be read until the next RunPass
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
    /// <summary>Run <paramref name="Tokens"/>, the first of which stands at <paramref name="Position"/>.</summary>
    /// <param name="Pass">Its number, above all earlier ones.</param>
    /// <param name="Tokens">1 to chunk size token ids; not written any more.</param>
    /// <param name="Position">Tokens before these.</param>
    /// <param name="WantsLogits">Whether the logits after the last token are wanted.</param>
    /// <param name="Targets">The tokens to be scored, each of which follows one of the last of <paramref name="Tokens"/>; or null.</param>
    /// <param name="ScoreSoFar">The negative log likelihood of earlier targets, in nats; a running sum, so that it has one order.</param>
    /// <param name="ReadLogits">Is shown each target's index in the text and the logits [vocabulary] it is scored by; or null.</param>
    public sealed record RunPass(
        PassId Pass, ReadOnlyMemory<int> Tokens, int Position, bool WantsLogits, ReadOnlyMemory<int>? Targets = null, double ScoreSoFar = 0,
        Action<int, ReadOnlySpan<float>>? ReadLogits = null)
        : INoSerializationVerificationNeeded;

    /// <summary>The pass is through.</summary>
    /// <param name="Pass">Which.</param>
    /// <param name="Score">ScoreSoFar and the negative log likelihoods of the targets.</param>
    public sealed record PassDone(PassId Pass, double Score) : INoSerializationVerificationNeeded;

    /// <summary>The pass ended with an operating error.</summary>
    public sealed record PassFailed(PassId Pass, Exception Error) : INoSerializationVerificationNeeded;

    /// <summary>
    /// Drop the pass if it still runs, and say when nothing of it is left: no lease, no read in flight, no count to come.
    /// </summary>
    public sealed record AbandonPass(PassId Pass) : INoSerializationVerificationNeeded;

    /// <summary>Nothing of the pass is left.</summary>
    public sealed record PassAbandoned(PassId Pass) : INoSerializationVerificationNeeded;
}
