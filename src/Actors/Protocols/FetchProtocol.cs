using Neuralink.Pipeline.Fetching;

namespace Neuralink.Actors.Protocols;

/// <summary>
/// Reading bundles from flash into frames.
/// <code>
/// Cache                        Io                           device
///   | Fetch                     |                             |
///   |--------------------------&gt;| Submit (as credits allow)   |
///   |                           |----------------------------&gt;|
///   |                           |            CompletionsReady |   coalesced: the reads come through a queue
///   |                           |&lt;----------------------------|
///   |         Fetched / Failed  |   when every read of the batch has come back
///   |&lt;--------------------------|
/// </code>
/// The batch belongs to Io from Fetch until it comes back.
/// </summary>
internal static class FetchProtocol
{
    /// <summary>Read the batch; demand batches go before prefetches, and these before what warms the cache up.</summary>
    public sealed record Fetch(FetchBatch Batch) : INoSerializationVerificationNeeded;

    /// <summary>A layer has come to wait for a batch that warms the cache up. It may be on its way back.</summary>
    public sealed record Hasten(FetchBatch Batch) : INoSerializationVerificationNeeded;

    /// <summary>Every bundle of the batch is in its frame and its CRC is right.</summary>
    public sealed record Fetched(FetchBatch Batch) : INoSerializationVerificationNeeded;

    /// <summary>A read failed even when repeated. None of the batch's frames is to be used.</summary>
    public sealed record FetchFailed(FetchBatch Batch, Exception Error) : INoSerializationVerificationNeeded;

    /// <summary>The device has completed reads since the last time. It may just miss an Io that stops; nobody need hear of that.</summary>
    public sealed class CompletionsReady : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        public static readonly CompletionsReady Instance = new();

        private CompletionsReady()
        {
        }
    }
}
