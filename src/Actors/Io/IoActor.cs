using Neuralink.Actors.Hosting;
using Neuralink.Actors.Protocols;
using Neuralink.Actors.Tracing;
using Neuralink.Pipeline.Fetching;
using Neuralink.Placement;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;

namespace Neuralink.Actors.Io;

/// <summary>
/// Drives the flash device: plans each batch into reads, keeps as many in flight as there are credits, checks what comes back (length and
/// every wanted bundle's CRC), repeats what failed, and returns the batch when all of it is settled. See <see cref="FetchProtocol"/>.
/// </summary>
internal sealed class IoActor : ReceiveActor
{
    private readonly IoState _state;
    private readonly FlashImage _image;
    private readonly FlashPort _port;
    private readonly FrameArena _frames;
    private readonly TimeProvider _time;
    private readonly TraceTrack? _trace;
    private readonly Dictionary<FlashRead, ReadTicket> _reading = [];
    private readonly Dictionary<FetchBatch, IActorRef> _askers = [];
    private long _busySince;

    public IoActor(PipelineParts parts, IoState state)
    {
        _state = state;
        _image = parts.Image;
        _port = parts.Port;
        _frames = parts.Frames;
        _time = parts.Time;
        _trace = parts.IoTrace;
        Receive<FetchProtocol.Fetch>(fetch =>
        {
            fetch.Batch.StartedTimestamp = _time.GetTimestamp();
            _askers.Add(fetch.Batch, Sender);
            _state.Enqueue(fetch.Batch);
            SubmitAll();
        });
        Receive<FetchProtocol.CompletionsReady>(_ => Settle());
    }

    public static Props Props(PipelineParts parts, IoState state) =>
        Akka.Actor.Props.Create(() => new IoActor(parts, state)).WithDispatcher(ActorHosting.IoDispatcher);

    protected override void PreStart() => _port.Open(Self);

    /// <summary>Reads may be in flight: nobody waits for them any more but who starts a pipeline anew.</summary>
    protected override void PostStop() => _port.Close();

    private void SubmitAll()
    {
        while (_port.HasCredit && _state.TryTake(out ReadTicket? ticket))
            Submit(_port.Take(), ticket.Value);
    }

    private void Submit(FlashRead read, ReadTicket ticket)
    {
        FetchBatch batch = ticket.Batch;
        read.Reset(_image.OffsetOf(batch.Layer, ticket.Extent.First));
        int next = ticket.SlotIndex;
        for (int slot = ticket.Extent.First.Value; slot < ticket.Extent.End.Value; slot++)
        {
            bool wanted = batch.Slots[next].Value == slot;
            read.Append(wanted ? batch.Frames[next] : FrameArena.Discard);
            if (wanted && next < batch.Count - 1)
                next++;
        }
        if (_reading.Count == 0)
            _busySince = _time.GetTimestamp();
        _reading.Add(read, ticket);
        _port.Submit(read);
    }

    private void Settle()
    {
        _port.Acknowledge();
        while (_port.TryTakeCompleted(out FlashRead? read))
        {
            _reading.Remove(read, out ReadTicket ticket);
            ReadTicket? again = _state.Settle(ticket, read.BytesTransferred, Check(read, ticket));
            if (_reading.Count == 0 || ticket.Batch.IsDone)
                EndInterval(ticket.Batch.Layer, read.CompletedTimestamp);
            if (again is not null)
            {
                Submit(read, again.Value);
                continue;
            }
            _port.Return(read);
            if (ticket.Batch.IsDone)
                Answer(ticket.Batch);
        }
        SubmitAll();
    }

    // Also where reads of other batches go on: there may always be some.
    private void EndInterval(LayerIndex layer, long timestamp)
    {
        long ticks = Math.Max(0, timestamp - _busySince);
        _state.EndInterval(layer, ticks, _time.GetElapsedTime(0, ticks).TotalMicroseconds);
        _busySince += ticks;
    }

    private void Answer(FetchBatch batch)
    {
        _trace?.Overlapping(batch.IsDemand ? "fetch (demand)" : "fetch (lookahead)", batch.Layer, batch.StartedTimestamp, _time.GetTimestamp(), "neurons", batch.Count);
        _askers.Remove(batch, out IActorRef? asker);
        object answer = batch.Error is { } error ? new FetchProtocol.FetchFailed(batch, error) : new FetchProtocol.Fetched(batch);
        asker!.Tell(answer, Self);
    }

    private NeuralinkException? Check(FlashRead read, ReadTicket ticket)
    {
        if (!read.IsComplete)
        {
            string where = $"read {_image.NeuronsPath}", expected = $"{read.LengthBytes} bytes at offset {read.OffsetBytes} ({ticket.Batch.Layer}, {ticket.Extent.First} on)";
            string found = read.Error?.Message ?? $"{read.BytesTransferred} bytes";
            return new NeuralinkException(where, expected, $"{found}, {ticket.Attempt} times", "check the disk, and the image with `neuralink verify`", read.Error);
        }
        for (int i = 0; i < read.SegmentCount; i++)
        {
            int frame = read.Frames[i];
            if (frame != FrameArena.Discard && !BundleCrc.IsIntact(_frames.Frame(frame)))
                return ImageVerifier.DamagedBundle(_image, ticket.Batch.Layer, new Slot(ticket.Extent.First.Value + i), "read");
        }
        return null;
    }
}
