using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Neuralink.Kernels;

/// <summary>
/// Where one thread sleeps until another wakes it. A wake that comes first is kept, so the next sleep returns at once; several are one.
/// <para>
/// By futex on Linux: a sleep and its wake cost 3.5 us of processor time there, against 20 by Monitor and 8 by an event, which is what
/// other systems use (docs/experiments/process.md). Nothing spins. Sleeping and waking allocate nothing.
/// </para>
/// </summary>
public sealed unsafe partial class Parking
{
    private const int Awake = 0, Asleep = 1, Woken = 2;
    private const int WaitPrivate = 128, WakePrivate = 129;      // FUTEX_WAIT and FUTEX_WAKE, of one process

    private static readonly bool s_hasFutex = OperatingSystem.IsLinux() && ProbeFutex();

    // Pinned: the kernel takes the address. It is memory of the collector, so that a wake that comes late is harmless.
    private readonly int[] _state = GC.AllocateArray<int>(1, pinned: true);
    private readonly AutoResetEvent? _event = s_hasFutex ? null : new AutoResetEvent(false);

    /// <summary>Sleeps until <see cref="Wake"/>, unless it was called since the last sleep. One thread sleeps here.</summary>
    public void Sleep()
    {
        ref int state = ref _state[0];
        if (Interlocked.CompareExchange(ref state, Asleep, Awake) == Awake)
        {
            while (Volatile.Read(ref state) == Asleep)
            {
                if (_event is not null)
                    _event.WaitOne();
                else if (OperatingSystem.IsLinux())
                    WaitFutex();
            }
        }
        Interlocked.Exchange(ref state, Awake);
    }

    /// <summary>Ends the sleep, or the next one. Whatever was written before is seen by who wakes.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _state[0], Woken) != Asleep)
            return;
        if (_event is not null)
            _event.Set();
        else if (OperatingSystem.IsLinux())
            _ = Futex(FutexNumber, Address, WakePrivate, 1, 0, 0, 0);
    }

    private int* Address => (int*)Marshal.UnsafeAddrOfPinnedArrayElement(_state, 0);

    private static nint FutexNumber => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 202,
        Architecture.Arm => 240,
        _ => 98,      // of all architectures that have the generic table
    };

    [SupportedOSPlatform("linux")]
    private void WaitFutex() => _ = Futex(FutexNumber, Address, WaitPrivate, Asleep, 0, 0, 0);

    /// <summary>Whether the system takes the call; a filter might not.</summary>
    [SupportedOSPlatform("linux")]
    private static bool ProbeFutex()
    {
        int word = 0;
        return Futex(FutexNumber, &word, WakePrivate, 1, 0, 0, 0) == 0;
    }

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Futex(nint number, int* word, nint operation, nint value, nint timeout, nint word2, nint value3);
}
