namespace Neuralink.Storage.Devices;

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

    /// <summary>One bit of what arrived is flipped: byte <paramref name="ByteIndex"/> of the read, unless that went to the discard frame.</summary>
    public sealed record FlipBit(int ByteIndex, int Bit = 0) : FlashFault;

    /// <summary>The read completes only when <see cref="FaultInjectingDevice.Release"/> is called, or the device disposed.</summary>
    public sealed record Hold : FlashFault;
}
