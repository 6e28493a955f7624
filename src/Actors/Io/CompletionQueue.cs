using System.Threading.Channels;
using Neuralink.Actors.Protocols;
using Neuralink.Storage.Devices;

namespace Neuralink.Actors.Io;

/// <summary>
/// Carries completed reads from the device's threads to Io: the reads through a channel, and one message for however many there are by
/// the time Io looks.
/// </summary>
internal sealed class CompletionQueue(IActorRef io, int capacity) : IFlashCompletionSink
{
    private readonly Channel<FlashRead> _completed = Channel.CreateBounded<FlashRead>(new BoundedChannelOptions(capacity) { SingleReader = true });
    private int _announced;

    public void Completed(FlashRead read)
    {
        if (!_completed.Writer.TryWrite(read))
            throw new InvalidOperationException($"More than {capacity} reads are in flight.");
        if (Interlocked.Exchange(ref _announced, 1) == 0)
            io.Tell(FetchProtocol.CompletionsReady.Instance, ActorRefs.NoSender);
    }

    /// <summary>Called once for each CompletionsReady, before the reads are taken: what comes later is announced again.</summary>
    public void Acknowledge() => Interlocked.Exchange(ref _announced, 0);

    public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out FlashRead? read) => _completed.Reader.TryRead(out read);
}
