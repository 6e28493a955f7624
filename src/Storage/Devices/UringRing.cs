using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Neuralink.Storage.Devices;

/// <summary>
/// A pair of queues shared with the kernel: requests go in at the tail of one, completions come out at the head of the other. All but
/// <see cref="Wake"/> belongs to one thread, so the only other party is the kernel: what this side writes is published by a releasing store
/// of its index, and what the kernel wrote is read behind an acquiring load of the kernel's.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class UringRing : IDisposable
{
    /// <summary>Marks the completion of the request that <see cref="Wake"/> completes.</summary>
    public const ulong WakeTag = ulong.MaxValue;

    private const long SubmissionsOffset = 0x10000000;
    private const uint FeaturesNeeded = UringParameters.FeatureSingleMapping | UringParameters.FeatureNoDrop
        | UringParameters.FeatureSubmitStable | UringParameters.FeatureFastPoll;

    // Indices of the registered files.
    private const int DataFile = 0;
    private const int WakeFile = 1;

    private readonly int _ring;
    private readonly int _wakeEvent;
    private readonly nuint _queuesBytes;
    private readonly nuint _submissionsBytes;
    private readonly byte* _queues;
    private readonly UringSubmission* _submissions;
    private readonly uint* _submissionHead;
    private readonly uint* _submissionTail;
    private readonly uint _submissionMask;
    private readonly uint* _completionHead;
    private readonly uint* _completionTail;
    private readonly uint _completionMask;
    private readonly UringCompletion* _completions;

    // Where the kernel writes the counter that woke the ring.
    private readonly ulong* _wakeCount = (ulong*)NativeMemory.AllocZeroed(sizeof(ulong));

    private UringRing(int ring, int wakeEvent, in UringParameters parameters)
    {
        _ring = ring;
        _wakeEvent = wakeEvent;
        UringSubmissionOffsets submissions = parameters.Submissions;
        UringCompletionOffsets completions = parameters.Completions;
        _queuesBytes = Math.Max(
            submissions.Indices + (parameters.SubmissionCount * sizeof(uint)),
            completions.Entries + (parameters.CompletionCount * (nuint)sizeof(UringCompletion)));
        _submissionsBytes = parameters.SubmissionCount * (nuint)sizeof(UringSubmission);
        _queues = UringCalls.Map(ring, _queuesBytes, 0);
        _submissions = (UringSubmission*)UringCalls.Map(ring, _submissionsBytes, SubmissionsOffset);
        if (!IsMapped)
            return;

        _submissionHead = (uint*)(_queues + submissions.Head);
        _submissionTail = (uint*)(_queues + submissions.Tail);
        _submissionMask = *(uint*)(_queues + submissions.Mask);
        _completionHead = (uint*)(_queues + completions.Head);
        _completionTail = (uint*)(_queues + completions.Tail);
        _completionMask = *(uint*)(_queues + completions.Mask);
        _completions = (UringCompletion*)(_queues + completions.Entries);

        // The kernel reads requests through indices; here entry i is always request i.
        uint* indices = (uint*)(_queues + submissions.Indices);
        for (uint i = 0; i < parameters.SubmissionCount; i++)
            indices[i] = i;
    }

    /// <summary>Whether a <see cref="Wake"/> will complete a request.</summary>
    public bool IsWakeArmed { get; private set; }

    private bool IsMapped => _queues is not null && _submissions is not null;

    /// <summary>Makes a ring that reads <paramref name="file"/>.</summary>
    /// <param name="file">What is read.</param>
    /// <param name="readCount">How many reads may be in the ring at once.</param>
    /// <param name="setup">Creates the ring.</param>
    /// <param name="refusal">Why it is not possible, or null.</param>
    /// <returns>The ring, or null where the system has none for us.</returns>
    public static UringRing? TryCreate(SafeFileHandle file, int readCount, UringSetup setup, out string? refusal)
    {
        UringParameters parameters = default;

        // One more for the wake. There are twice as many completions as requests, so they have room at all times.
        int ring = setup((uint)readCount + 1, ref parameters);
        refusal = ring < 0 ? Explain(-ring) : null;
        if (ring < 0)
            return null;
        if ((parameters.Features & FeaturesNeeded) != FeaturesNeeded)
        {
            _ = UringCalls.Close(ring);
            refusal = "the kernel's io_uring is too old (5.7 is the first that will do)";
            return null;
        }

        int wakeEvent = UringCalls.CreateEvent();
        UringRing made = new(ring, wakeEvent, parameters);
        int error = wakeEvent < 0 ? wakeEvent : UringCalls.RegisterFiles(ring, [(int)file.DangerousGetHandle(), wakeEvent]);

        // Once for nothing: a filter may forbid each of the three calls.
        if (error >= 0)
            error = UringCalls.Enter(ring, submitCount: 0, waitCount: 0);
        if (made.IsMapped && error >= 0)
            return made;
        refusal = made.IsMapped ? Explain(-error) : "the memory of io_uring's queues cannot be mapped";
        made.Dispose();
        return null;
    }

    /// <summary>Queues a scatter read.</summary>
    /// <param name="vectors">Where the bytes go; read by the kernel during <see cref="SubmitAndWait"/>.</param>
    /// <param name="vectorCount">Number of vectors.</param>
    /// <param name="offsetBytes">Where in the file they are.</param>
    /// <param name="tag">Marks the completion.</param>
    public void Read(LibC.IoVector* vectors, int vectorCount, long offsetBytes, ulong tag) => Queue(new UringSubmission
    {
        Operation = UringSubmission.ReadVectors,
        Flags = UringSubmission.FixedFile,
        File = DataFile,
        Offset = (ulong)offsetBytes,
        Address = (ulong)vectors,
        Length = (uint)vectorCount,
        Tag = tag,
    });

    /// <summary>Lets the next <see cref="Wake"/>, or one since the last that was seen, end a wait.</summary>
    public void ArmWake()
    {
        IsWakeArmed = true;
        Queue(new UringSubmission
        {
            Operation = UringSubmission.Read,
            Flags = UringSubmission.FixedFile,
            File = WakeFile,
            Address = (ulong)_wakeCount,
            Length = sizeof(ulong),
            Tag = WakeTag,
        });
    }

    /// <summary>Ends the wait of the ring's thread, or its next. From any thread.</summary>
    public void Wake() => UringCalls.Raise(_wakeEvent);

    /// <summary>Gives the kernel what is queued and waits for a completion. It may return without one.</summary>
    /// <exception cref="IOException">The kernel refuses the call: the ring is of no more use.</exception>
    public void SubmitAndWait()
    {
        int result = UringCalls.Enter(_ring, *_submissionTail - Volatile.Read(ref *_submissionHead), waitCount: 1);
        switch (-result)
        {
            case LibC.Eagain or LibC.Ebusy:
                // The kernel is short of memory for requests. They stay queued.
                Thread.Sleep(1);
                break;
            case > 0 and not LibC.Eintr:
                throw LibC.Failure(-result);
        }
    }

    /// <summary>Takes the next completion.</summary>
    /// <returns>Whether there was one.</returns>
    public bool TryTake(out UringCompletion completion)
    {
        uint head = *_completionHead;
        if (head == Volatile.Read(ref *_completionTail))
        {
            completion = default;
            return false;
        }

        completion = _completions[head & _completionMask];
        Volatile.Write(ref *_completionHead, head + 1);
        IsWakeArmed &= completion.Tag != WakeTag;
        return true;
    }

    /// <summary>Ends the ring, in which nothing is in flight.</summary>
    public void Dispose()
    {
        if (_submissions is not null)
            _ = UringCalls.Unmap((byte*)_submissions, _submissionsBytes);
        if (_queues is not null)
            _ = UringCalls.Unmap(_queues, _queuesBytes);
        _ = UringCalls.Close(_ring);
        if (_wakeEvent >= 0)
            _ = UringCalls.Close(_wakeEvent);
        NativeMemory.Free(_wakeCount);
    }

    private static string Explain(int errno) => errno switch
    {
        LibC.Enosys => "the kernel has no io_uring",
        LibC.Eperm or LibC.Eacces => "io_uring is forbidden here (by kernel.io_uring_disabled or a container's seccomp filter)",
        LibC.Enomem => "the limit of locked memory (ulimit -l) leaves no room for io_uring's queues",
        _ => $"io_uring cannot be set up ({LibC.Failure(errno).Message})",
    };

    private void Queue(in UringSubmission submission)
    {
        uint tail = *_submissionTail;
        if (tail - Volatile.Read(ref *_submissionHead) > _submissionMask)
            throw new InvalidOperationException("The ring is full: more is in flight than it was made for.");
        _submissions[tail & _submissionMask] = submission;
        Volatile.Write(ref *_submissionTail, tail + 1);
    }
}
