using System.Runtime.InteropServices;

namespace Neuralink.Storage.Devices;

/// <summary>A request, as linux/io_uring.h lays it out (io_uring_sqe); what reads do not use is left out.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct UringSubmission
{
    public const byte ReadVectors = 1;
    public const byte Read = 22;

    /// <summary>The file is an index into the registered ones.</summary>
    public const byte FixedFile = 1;

    [FieldOffset(0)]
    public byte Operation;

    [FieldOffset(1)]
    public byte Flags;

    [FieldOffset(4)]
    public int File;

    [FieldOffset(8)]
    public ulong Offset;

    [FieldOffset(16)]
    public ulong Address;

    [FieldOffset(24)]
    public uint Length;

    /// <summary>Comes back in the completion.</summary>
    [FieldOffset(32)]
    public ulong Tag;
}

/// <summary>A completion (io_uring_cqe).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct UringCompletion
{
    public ulong Tag;

    /// <summary>Bytes that arrived, or the negative errno.</summary>
    public int Result;

    public uint Flags;
}

/// <summary>What a ring shall be, and what the kernel made of it (io_uring_params).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct UringParameters
{
    /// <summary>Both queues are in one mapping (5.4).</summary>
    public const uint FeatureSingleMapping = 1;

    /// <summary>Completions are never dropped (5.5).</summary>
    public const uint FeatureNoDrop = 2;

    /// <summary>Whatever a request points to may be reused once it is submitted (5.5).</summary>
    public const uint FeatureSubmitStable = 4;

    /// <summary>A read of something that is not ready waits without a thread (5.7).</summary>
    public const uint FeatureFastPoll = 32;

    public uint SubmissionCount;
    public uint CompletionCount;
    public uint Flags;
    public uint SubmissionThreadCpu;
    public uint SubmissionThreadIdle;
    public uint Features;
    public uint WorkQueue;
    private readonly uint _reserved0;
    private readonly uint _reserved1;
    private readonly uint _reserved2;
    public UringSubmissionOffsets Submissions;
    public UringCompletionOffsets Completions;
}

/// <summary>Where in the mapping the parts of the requests' queue are (io_sqring_offsets).</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
internal struct UringSubmissionOffsets
{
    [FieldOffset(0)]
    public uint Head;

    [FieldOffset(4)]
    public uint Tail;

    [FieldOffset(8)]
    public uint Mask;

    [FieldOffset(24)]
    public uint Indices;
}

/// <summary>Where in the mapping the parts of the completions' queue are (io_cqring_offsets).</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
internal struct UringCompletionOffsets
{
    [FieldOffset(0)]
    public uint Head;

    [FieldOffset(4)]
    public uint Tail;

    [FieldOffset(8)]
    public uint Mask;

    [FieldOffset(20)]
    public uint Entries;
}
