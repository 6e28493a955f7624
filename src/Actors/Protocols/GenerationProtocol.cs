using System.Threading.Channels;
using Neuralink.Actors.Generation;

namespace Neuralink.Actors.Protocols;

/// <summary>
/// One text. Tokens leave through a channel, which ends with the result or with the error; so does a score.
/// <code>
/// Engine                     Generation
///   | Generate / Score           |
///   |---------------------------&gt;|   tokens through the channel
///   | Cancel                     |
///   |---------------------------&gt;|   the channel ends when every lease is returned
/// </code>
/// </summary>
internal static class GenerationProtocol
{
    /// <summary>Continue a text, which is Generation's from here on.</summary>
    public sealed record Generate(long Job, TextState Text, ChannelWriter<GenerationEvent> Events) : INoSerializationVerificationNeeded;

    /// <summary>Score tokens.</summary>
    public sealed record Score(long Job, ScoreRequest Request, TaskCompletionSource<ScoreResult> Result) : INoSerializationVerificationNeeded;

    /// <summary>Stop a job that may be over.</summary>
    public sealed record Cancel(long Job) : INoSerializationVerificationNeeded, IDeadLetterSuppression;
}
