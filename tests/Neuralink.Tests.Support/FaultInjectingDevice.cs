using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;

namespace Neuralink.Tests.Support;

/// <summary>
/// Does to chosen reads what flash may do to any: fails them, cuts them, damages them, or keeps them. A read is never lost: what is held
/// comes back with <see cref="Release"/> or when the device is disposed.
/// </summary>
public sealed class FaultInjectingDevice : IFlashDevice, IFlashCompletionSink
{
    private readonly IFlashDevice _inner;
    private readonly Func<long, FlashRead, FlashFault?> _plan;
    private readonly Lock _gate = new();
    private readonly Dictionary<FlashRead, FlashFault> _faults = [];
    private readonly List<FlashRead> _held = [];
    private long _submitted;
    private int _inFlight;

    /// <summary>Wraps <paramref name="inner"/>, and disposes it.</summary>
    /// <param name="inner">The device that reads.</param>
    /// <param name="plan">
    /// The fault for a read, or null for none: given the read's number, counted from 0 in the order of submission, and the read itself. It
    /// is called under a lock, and says the same every time if runs are to repeat.
    /// </param>
    public FaultInjectingDevice(IFlashDevice inner, Func<long, FlashRead, FlashFault?> plan)
    {
        _inner = inner;
        _plan = plan;
    }

    /// <inheritdoc/>
    public string Description => $"{_inner.Description}, with faults";

    /// <inheritdoc/>
    public long LengthBytes => _inner.LengthBytes;

    /// <inheritdoc/>
    public int AlignmentBytes => _inner.AlignmentBytes;

    /// <inheritdoc/>
    public int QueueDepth => _inner.QueueDepth;

    /// <summary>How many reads are held right now.</summary>
    public int HeldCount
    {
        get
        {
            lock (_gate)
                return _held.Count;
        }
    }

    /// <inheritdoc/>
    public void Submit(FlashRead read)
    {
        lock (_gate)
        {
            // Held reads have left the inner device but not this one.
            if (_inFlight == QueueDepth)
                throw new InvalidOperationException($"{QueueDepth} reads are in flight; the device takes no more.");
            read.Intercept(this);
            FlashFault? fault = _plan(_submitted, read);
            if (fault is not null)
                _faults.Add(read, fault);
            try
            {
                _inner.Submit(read);
            }
            catch
            {
                _faults.Remove(read);
                read.Withdraw();
                throw;
            }

            _submitted++;
            _inFlight++;
        }
    }

    /// <summary>Applies the fault planned for a read of the inner device.</summary>
    void IFlashCompletionSink.Completed(FlashRead read)
    {
        lock (_gate)
        {
            if (_faults.Remove(read, out FlashFault? fault))
                Apply(fault, read);
            if (fault is FlashFault.Hold)
            {
                _held.Add(read);
                return;
            }

            _inFlight--;
        }

        read.Deliver();
    }

    /// <summary>Completes every read that is held now, on the calling thread.</summary>
    public void Release()
    {
        FlashRead[] released;
        lock (_gate)
        {
            released = [.. _held];
            _held.Clear();
            _inFlight -= released.Length;
        }

        foreach (FlashRead read in released)
            read.Deliver();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _inner.Dispose();
        Release();
    }

    private static void Apply(FlashFault fault, FlashRead read)
    {
        switch (fault)
        {
            case FlashFault.Fail(int errno):
                read.Replace(0, LibC.Failure(errno));
                break;
            case FlashFault.ShortRead(int bytes):
                read.Replace(Math.Min(bytes, read.BytesTransferred), read.Error);
                break;
            case FlashFault.FlipBit(int byteIndex, int bit) when byteIndex < read.BytesTransferred:
                int segment = byteIndex / read.Arena.StrideBytes;
                if (read.Frames[segment] != FrameArena.Discard)
                    read.Segment(segment)[byteIndex % read.Arena.StrideBytes] ^= (byte)(1 << bit);
                break;
        }
    }
}

/// <summary>What a <see cref="FaultInjectingDevice"/> does to one read.</summary>
public abstract record FlashFault
{
    private FlashFault()
    {
    }

    /// <summary>The read fails with an errno; 5 is EIO, what a worn-out cell gives.</summary>
    public sealed record Fail(int Errno = 5) : FlashFault;

    /// <summary>Only the first <paramref name="Bytes"/> bytes (or fewer, if the read is shorter) are said to have arrived.</summary>
    public sealed record ShortRead(int Bytes) : FlashFault;

    /// <summary>
    /// One bit of what arrived is flipped: byte <paramref name="ByteIndex"/> of the read, unless that went to the discard frame.
    /// </summary>
    public sealed record FlipBit(int ByteIndex, int Bit = 0) : FlashFault;

    /// <summary>The read completes only when <see cref="FaultInjectingDevice.Release"/> is called, or the device disposed.</summary>
    public sealed record Hold : FlashFault;
}
