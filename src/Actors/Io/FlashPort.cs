using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Neuralink.Actors.Protocols;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;

namespace Neuralink.Actors.Io;

/// <summary>
/// The way of reads to the device and back. It has a read object for each that may be in flight, its credit, and it outlives Io: a device
/// goes on writing into frames when Io has stopped, so nobody may use those before <see cref="WhenQuiet"/>.
/// <para>
/// Completed reads come from the device's threads through a queue, with one message to Io for however many there are by the time Io looks.
/// The thread that completed a read has checked its bundles by then, so that several are checked at once.
/// </para>
/// </summary>
internal sealed class FlashPort : IFlashCompletionSink
{
    private readonly IFlashDevice _device;
    private readonly ConcurrentQueue<FlashRead> _completed = new();
    private readonly FlashRead[] _reads;
    private readonly int[] _damaged;      // [credit] the first segment of its read whose checksum is wrong, or -1
    private readonly FrozenDictionary<FlashRead, int> _credits;
    private volatile IActorRef? _io;
    private int _announced;
    private int _inFlight;
    private TaskCompletionSource? _quiet;      // while closed

    /// <param name="device">The device.</param>
    /// <param name="frames">What reads are scattered into.</param>
    /// <param name="extentSlotsMax">The most frames of a read.</param>
    public FlashPort(IFlashDevice device, FrameArena frames, int extentSlotsMax)
    {
        _device = device;
        _reads = new FlashRead[device.QueueDepth];
        _damaged = new int[device.QueueDepth];
        for (int i = 0; i < _reads.Length; i++)
            _reads[i] = new FlashRead(frames, extentSlotsMax, this);
        _credits = _reads.Index().ToFrozenDictionary(pair => pair.Item, pair => pair.Index);
        Close();
    }

    /// <summary>Completes when no read is in flight. Of a port that is closed.</summary>
    public Task WhenQuiet => _quiet?.Task ?? throw new InvalidOperationException("The port is open.");

    /// <summary>Announces completions to <paramref name="io"/> from now on.</summary>
    public void Open(IActorRef io)
    {
        if (Volatile.Read(ref _inFlight) > 0)
            throw new InvalidOperationException($"{_inFlight} reads are in flight.");
        _completed.Clear();
        _io = io;
        _quiet = null;
        Volatile.Write(ref _announced, 0);
    }

    /// <summary>Announces nothing any more: what completes from now on is expected, and nobody's.</summary>
    public void Close()
    {
        Interlocked.Exchange(ref _announced, 1);
        _io = null;
        TaskCompletionSource quiet = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _quiet, quiet);
        if (Volatile.Read(ref _inFlight) == 0)
            quiet.TrySetResult();
    }

    /// <summary>The read object of a credit.</summary>
    public FlashRead Read(int credit) => _reads[credit];

    /// <summary>The credit of a read object.</summary>
    public int CreditOf(FlashRead read) => _credits[read];

    /// <summary>The first segment of a credit's read, which is complete, whose bundle is damaged; -1 where all are right.</summary>
    public int DamagedSegment(int credit) => _damaged[credit];

    public void Submit(FlashRead read)
    {
        Interlocked.Increment(ref _inFlight);
        try
        {
            _device.Submit(read);
        }
        catch
        {
            Interlocked.Decrement(ref _inFlight);
            throw;
        }
    }

    /// <summary>Called once for each CompletionsReady, before the reads are taken: what comes later is announced again.</summary>
    public void Acknowledge() => Interlocked.Exchange(ref _announced, 0);

    public bool TryTakeCompleted([NotNullWhen(true)] out FlashRead? read) => _completed.TryDequeue(out read);

    public void Completed(FlashRead read)
    {
        _damaged[CreditOf(read)] = read.IsComplete ? FindDamaged(read) : -1;
        _completed.Enqueue(read);
        // Counted down before it is announced: whoever has taken all reads finds none in flight.
        bool isLast = Interlocked.Decrement(ref _inFlight) == 0;
        if (Interlocked.Exchange(ref _announced, 1) == 0)
            _io?.Tell(FetchProtocol.CompletionsReady.Instance, ActorRefs.NoSender);
        if (isLast)
            Volatile.Read(ref _quiet)?.TrySetResult();
    }

    private static int FindDamaged(FlashRead read)
    {
        for (int i = 0; i < read.SegmentCount; i++)
        {
            if (read.Frames[i] != FrameArena.Discard && !BundleCrc.IsIntact(read.Segment(i)))
                return i;
        }
        return -1;
    }
}
