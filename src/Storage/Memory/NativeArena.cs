using System.Runtime.InteropServices;

namespace Neuralink.Storage.Memory;

/// <summary>
/// One block of native memory, taken from the system once and handed out front to back. Everything an engine keeps in DRAM
/// comes from one arena whose capacity is its budget, so the budget is a property of the program rather than a hope about it.
/// After <see cref="Seal"/> nothing more is handed out: the token loop cannot allocate by accident.
/// </summary>
/// <remarks>
/// The arena belongs to whoever made it and is freed by <see cref="Dispose"/> alone. It has no finalizer, because a span over its memory
/// does not keep it alive. Allocate from one thread; use the buffers from any.
/// </remarks>
public sealed unsafe class NativeArena : IDisposable
{
    // The size of a huge page on x86-64 and on ARM with 4 KiB base pages: an arena that starts on one can be backed by them entirely.
    private const int HugePageBytes = 2 * 1024 * 1024;

    // A cache line.
    private const int BufferAlignmentBytes = 64;

    // The largest block that direct I/O asks for.
    private const int AlignmentBytesMax = 4096;

    private readonly Dictionary<string, long> _bytesByPurpose = new(StringComparer.Ordinal);
    private readonly void* _taken;
    private readonly byte* _block;

    /// <summary>Takes <paramref name="capacityBytes"/> from the system.</summary>
    /// <exception cref="NeuralinkException">The system does not give that much.</exception>
    public NativeArena(long capacityBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacityBytes);
        CapacityBytes = capacityBytes;
        // A small arena gains nothing by huge pages.
        nuint alignment = capacityBytes < HugePageBytes ? (nuint)AlignmentBytesMax : HugePageBytes;
        try
        {
            // The system zeroes the pages of a large block when they are first touched. So nothing is written here, and what the
            // alignment leaves over takes no memory.
            _taken = NativeMemory.AllocZeroed(checked((nuint)capacityBytes + alignment));
            _block = (byte*)(((nuint)_taken + alignment - 1) & ~(alignment - 1));
        }
        catch (Exception error) when (error is OutOfMemoryException or OverflowException)
        {
            throw new NeuralinkException(
                "reserve memory", $"{capacityBytes} bytes", "the system refused them", "choose a smaller memory budget", error);
        }

        if (OperatingSystem.IsLinux() && capacityBytes >= HugePageBytes)
            LibC.AdviseHugePages(_block, (nuint)capacityBytes);
    }

    /// <summary>How much the arena holds.</summary>
    public long CapacityBytes { get; }

    /// <summary>How much has been handed out, alignment included.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>Whether <see cref="Seal"/> was called.</summary>
    public bool IsSealed { get; private set; }

    /// <summary>Bytes handed out for each purpose, alignment excluded: the lines of the memory report.</summary>
    public IReadOnlyDictionary<string, long> BytesByPurpose => _bytesByPurpose;

    internal bool IsDisposed { get; private set; }

    /// <summary>
    /// What a buffer of <paramref name="bytes"/> takes, up to where the next one of the usual alignment begins: memory plans add these up.
    /// </summary>
    public static long Aligned(long bytes) => (bytes + (BufferAlignmentBytes - 1)) & -(long)BufferAlignmentBytes;

    /// <summary>
    /// Hands out the next <paramref name="bytes"/> of the arena, zeroed. The system backs them with memory page by page as they are first
    /// touched, mostly by a read from flash. Clearing them here would touch every page twice, and all of them before anything is read.
    /// </summary>
    /// <param name="bytes">Length of the buffer; zero is allowed.</param>
    /// <param name="purpose">What the memory is for, as the memory report names it.</param>
    /// <param name="alignment">Of the buffer's first byte: a power of two, at most 4096. 64 is a cache line; direct I/O wants 4096.</param>
    /// <exception cref="InvalidOperationException">The arena is sealed or too small: the plan that sized it was wrong.</exception>
    public NativeBuffer Allocate(long bytes, string purpose, int alignment = BufferAlignmentBytes)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentException.ThrowIfNullOrEmpty(purpose);
        if (!int.IsPow2(alignment) || alignment > AlignmentBytesMax)
            throw new ArgumentOutOfRangeException(nameof(alignment), alignment, "The alignment is a power of two, at most 4096.");
        if (IsSealed)
            throw new InvalidOperationException($"The arena is sealed; {bytes} bytes for {purpose} came too late.");

        long start = (UsedBytes + alignment - 1) & -alignment;
        if (start > CapacityBytes || bytes > CapacityBytes - start)
        {
            throw new InvalidOperationException(
                $"The arena of {CapacityBytes} bytes has {CapacityBytes - UsedBytes} left; {purpose} needs {bytes}.");
        }

        UsedBytes = start + bytes;
        _bytesByPurpose[purpose] = _bytesByPurpose.GetValueOrDefault(purpose) + bytes;
        return new NativeBuffer(this, _block + start, bytes, purpose);
    }

    /// <summary>Ends allocation for the arena's lifetime.</summary>
    public void Seal() => IsSealed = true;

    /// <summary>Gives the memory back. No buffer may be in use, by a device above all.</summary>
    public void Dispose()
    {
        if (IsDisposed)
            return;
        IsDisposed = true;
        NativeMemory.Free(_taken);
    }
}
