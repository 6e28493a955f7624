namespace Neuralink.Hosting.Cluster.Conversations;

/// <summary>
/// How a text is generated on another node. The reader is on the node that took the request, the conversation and its runs are on the
/// node that holds the conversation's keys and values. Every message may be lost, when a connection breaks or a shard moves; whoever
/// waits says again what it wants, and numbers make what comes twice harmless.
/// <code>
/// reader                        conversation          run (one a request)
///   | Generate ------------------> |  -- starts --------> |     again until Accepted
///   | &lt;--------------------------------------- Accepted --- |
///   | &lt;--------------- Happened 0, 1, 2 ... up to the window |
///   | Read(received, consumed) --------------------------> |     credit for more; asks again for what is missing
///   | &lt;------------------------- Happened (the last), Failed |
///   | Read(all) -----------------------------------------> |     the run ends
///   |
///   | &lt;----------------------------------------- HandedOver  |     the node leaves, nothing was sent yet: Generate again
///   | Cancel --------------------------------------------> |     answered by Failed
/// </code>
/// </summary>
internal static class ConversationProtocol
{
    /// <summary>Runs a request, once.</summary>
    /// <param name="Request">Names the request in every message about it.</param>
    /// <param name="Conversation">Decides the node.</param>
    /// <param name="ModelDigest">The model that the tokens of the prompt are of.</param>
    /// <param name="Window">Events that may be on their way or unread.</param>
    /// <param name="Generation">What to generate.</param>
    public sealed record Generate(Guid Request, string Conversation, string ModelDigest, int Window, GenerationRequest Generation)
        : IWireMessage;

    /// <summary>It runs, or waits in the queue of the node's engine. The sender is the run.</summary>
    public sealed record Accepted(Guid Request) : IWireMessage;

    /// <summary>An event of the generation.</summary>
    /// <param name="Request">Which generation.</param>
    /// <param name="Number">From 0 on.</param>
    /// <param name="Event">What happened.</param>
    public sealed record Happened(Guid Request, long Number, GenerationEvent Event) : IWireMessage;

    /// <summary>The generation ended without a result.</summary>
    /// <param name="Request">Which generation.</param>
    /// <param name="Number">The number that the next event would have had.</param>
    /// <param name="Failure">Why.</param>
    public sealed record Failed(Guid Request, long Number, GenerationFailure Failure) : IWireMessage;

    /// <summary>The node leaves, and has sent no event: to be run elsewhere.</summary>
    public sealed record HandedOver(Guid Request) : IWireMessage;

    /// <summary>How far the reader is.</summary>
    /// <param name="Request">Which generation.</param>
    /// <param name="Received">Events below this number have come.</param>
    /// <param name="Consumed">Events below this number have been read by whoever wants the text.</param>
    /// <param name="Again">Whether those from <paramref name="Received"/> on are to be sent again.</param>
    public sealed record Read(Guid Request, long Received, long Consumed, bool Again) : IWireMessage;

    /// <summary>Nobody wants the text any more.</summary>
    public sealed record Cancel(Guid Request) : IWireMessage;
}

/// <summary>A message that crosses nodes: <see cref="Wire.WireSerializer"/> knows each by name.</summary>
internal interface IWireMessage;
