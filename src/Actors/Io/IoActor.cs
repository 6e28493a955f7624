using Neuralink.Actors.Hosting;
using Neuralink.Actors.Protocols;
using Neuralink.Pipeline.Fetching;
using Neuralink.Placement;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;

namespace Neuralink.Actors.Io;

/// <summary>
/// Drives the flash device as <see cref="FetchMachine"/> says: submits reads, and checks what comes back (length and every wanted bundle's
/// CRC).
/// See <see cref="FetchProtocol"/>.
/// </summary>
internal sealed class IoActor : ReceiveActor, IFetchEffects
{
    private readonly IoSetup _setup;
    private readonly FetchMachine _machine;
    private readonly Dictionary<FetchBatch, IActorRef> _askers = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public IoActor(IoSetup setup, FetchSetup fetch)
    {
        _setup = setup;
        _machine = new FetchMachine(fetch, this);
        Receive<FetchProtocol.Fetch>(message =>
        {
            _askers.Add(message.Batch, Sender);
            _machine.Fetch(message.Batch, Now());
        });
        Receive<FetchProtocol.Hasten>(message => _machine.Hasten(message.Batch, Now()));
        Receive<FetchProtocol.CompletionsReady>(_ => TakeCompleted());
    }

    public static Props Props(IoSetup setup, FetchSetup fetch) =>
        Akka.Actor.Props.Create(() => new IoActor(setup, fetch)).WithDispatcher(ActorHosting.IoDispatcher);

    protected override void PreStart() => _setup.Port.Open(Self);

    /// <summary>Reads may be in flight: nobody waits for them any more but who starts a pipeline anew.</summary>
    protected override void PostStop() => _setup.Port.Close();

    void IFetchEffects.Submit(int credit, ReadTicket read)
    {
        FetchBatch batch = read.Batch;
        FlashRead flash = _setup.Port.Read(credit);
        flash.Reset(_setup.Image.OffsetOf(batch.Layer, read.Extent.First));
        int next = read.SlotIndex;
        for (int slot = read.Extent.First.Value; slot < read.Extent.End.Value; slot++)
        {
            bool wanted = batch.Slots[next].Value == slot;
            flash.Append(wanted ? batch.Frames[next] : FrameArena.Discard);
            if (wanted && next < batch.Count - 1)
                next++;
        }
        _setup.Port.Submit(flash);
    }

    void IFetchEffects.Answer(FetchBatch batch)
    {
        string what = batch.Kind switch
        {
            FetchKind.Demand => "fetch (demand)",
            FetchKind.Prefetch => "fetch (lookahead)",
            _ => "fetch (warm-up)",
        };
        _setup.Timeline?.Overlapping(what, batch.Layer, batch.StartedTimestamp, Now(), "neurons", batch.Count);
        _askers.Remove(batch, out IActorRef? asker);
        asker!.Tell(batch.Error is { } error ? new FetchProtocol.FetchFailed(batch, error) : new FetchProtocol.Fetched(batch), Self);
    }

    private void TakeCompleted()
    {
        _setup.Port.Acknowledge();
        while (_setup.Port.TryTakeCompleted(out FlashRead? flash))
        {
            int credit = _setup.Port.CreditOf(flash);
            NeuralinkException? error = Check(flash, credit);
            if (error is not null)
                _log.Warning(error, "A read failed.");
            _machine.Completed(credit, new ReadResult(flash.BytesTransferred, error, flash.CompletedTimestamp), Now());
        }
    }

    private NeuralinkException? Check(FlashRead flash, int credit)
    {
        ReadTicket read = _machine.Reading(credit);
        LayerIndex layer = read.Batch.Layer;
        if (!flash.IsComplete)
        {
            string expected = $"{flash.LengthBytes} bytes at offset {flash.OffsetBytes} ({layer}, {read.Extent.First} on)";
            string found = $"{flash.Error?.Message ?? $"{flash.BytesTransferred} bytes"}, {read.Attempt} times";
            return new NeuralinkException(
                $"read {_setup.Image.NeuronsPath}", expected, found, "check the disk, and the image with `neuralink verify`", flash.Error);
        }
        int damaged = _setup.Port.DamagedSegment(credit);
        return damaged < 0
            ? null
            : ImageVerifier.DamagedBundle(_setup.Image, layer, new Slot(read.Extent.First.Value + damaged), "read");
    }

    private long Now() => _setup.Time.GetTimestamp();
}

/// <summary>What Io works with.</summary>
internal sealed record IoSetup
{
    public required FlashImage Image { get; init; }

    public required FlashPort Port { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>The actor's track, or null.</summary>
    public TimelineTrack? Timeline { get; init; }
}
