namespace Neuralink.Storage.Devices;

/// <summary>
/// Something that reads from flash, asynchronously: a read is submitted, and later completes on a thread of the device's choosing.
/// </summary>
/// <remarks>
/// Every accepted read completes exactly once. A failing medium is a value in the read (<see cref="FlashRead.Error"/>,
/// <see cref="FlashRead.BytesTransferred"/>), never an exception. <see cref="IDisposable.Dispose"/> waits for the reads in flight; it must
/// not be called from a completion.
/// </remarks>
public interface IFlashDevice : IDisposable
{
    /// <summary>What the device is, in words for a person.</summary>
    public string Description { get; }

    /// <summary>How much there is to read.</summary>
    public long LengthBytes { get; }

    /// <summary>Offsets and frame strides of reads are multiples of this.</summary>
    public int AlignmentBytes { get; }

    /// <summary>How many reads may be in flight at once. Whoever submits keeps count: one more is a programmer's error.</summary>
    public int QueueDepth { get; }

    /// <summary>Accepts a read, without blocking on the medium. The device owns the read and its frames until the completion.</summary>
    /// <exception cref="InvalidOperationException">The read is in flight already, empty or misaligned, or the queue is full.</exception>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    public void Submit(FlashRead read);
}

/// <summary>A device over a file, which is read in the way asked for or, where that is impossible, in the next best.</summary>
public interface IFlashFile : IFlashDevice
{
    /// <summary>Why the file is not read in the way asked for; null where it is.</summary>
    public string? FallbackReason { get; }

    /// <summary>Whether its bytes come past the operating system's page cache.</summary>
    public bool IsPastPageCache { get; }
}

/// <summary>Where completed reads go.</summary>
public interface IFlashCompletionSink
{
    /// <summary>
    /// Takes back a completed read, which may be submitted again at once. Called on a thread of the device, so
    /// it is short and does not throw.
    /// </summary>
    public void Completed(FlashRead read);
}
