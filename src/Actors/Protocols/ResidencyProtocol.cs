using Neuralink.Pipeline.Residency;

namespace Neuralink.Actors.Protocols;

/// <summary>
/// The right to read bundles in frames. A layer whose active set exceeds the frames that one lease may hold comes in several waves, in
/// ascending neuron order.
/// <code>
/// Cache                                   Compute
///   | Granted (hits are readable)            |
///   |---------------------------------------&gt;|   once Predicted: compute the hits
///   | Arrived (what was missing, or a part)  |   only if something was missing; in parts for strategies with clusters
///   |---------------------------------------&gt;|   compute it
///   |                               Returned |
///   |&lt;---------------------------------------|   and the next wave follows, unless this was the last
///   | Unavailable (flash failed)             |   instead of Arrived; Compute abandons the pass
///   |---------------------------------------&gt;|
///   | AllReturned (after AbandonPass)        |
///   |---------------------------------------&gt;|
/// </code>
/// </summary>
internal static class ResidencyProtocol
{
    public sealed record Granted(PassId Pass, FrameLease Lease) : INoSerializationVerificationNeeded;

    /// <summary>These ordinals of the lease are readable.</summary>
    /// <param name="Pass">Whose.</param>
    /// <param name="Ordinals">Some of the lease's rest.</param>
    /// <param name="IsLast">Whether now all are.</param>
    public sealed record Arrived(PassId Pass, ReadOnlyMemory<int> Ordinals, bool IsLast) : INoSerializationVerificationNeeded;

    public sealed record Returned(PassId Pass) : INoSerializationVerificationNeeded;

    public sealed record Unavailable(PassId Pass, Exception Error) : INoSerializationVerificationNeeded;

    public sealed record AllReturned(PassId Pass) : INoSerializationVerificationNeeded;
}
