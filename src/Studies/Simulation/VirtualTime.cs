using System.Diagnostics.CodeAnalysis;

namespace Neuralink.Studies.Simulation;

/// <summary>
/// A clock that stands still while something happens, and jumps to what happens next. What is due at the same time happens in the order
/// in which it was asked for.
/// </summary>
internal sealed class VirtualTime
{
    private readonly PriorityQueue<Action, (long Time, long Order)> _events = new();
    private long _order;

    /// <summary>The time, in ticks.</summary>
    public long Now { get; private set; }

    public void At(long time, Action happens)
    {
        if (time < Now)
            throw new InvalidOperationException($"{time} is past; it is {Now}.");
        _events.Enqueue(happens, (time, _order++));
    }

    /// <summary>Makes the next thing happen; false when nothing will happen any more.</summary>
    public bool Step()
    {
        if (!_events.TryDequeue(out Action? happens, out (long Time, long Order) due))
            return false;
        Now = due.Time;
        happens();
        return true;
    }
}

/// <summary>
/// A thread that handles messages one after the other. A handler runs in no virtual time. It says how long it took by moving
/// <see cref="Cursor"/>; what it tells others, they have at the cursor's time.
/// </summary>
internal sealed class VirtualThread(VirtualTime time)
{
    private readonly Queue<Action> _mailbox = new();
    private bool _isBusy;
    private int _incarnation;

    /// <summary>How far the handler that runs has come.</summary>
    public long Cursor { get; private set; }

    /// <summary>Messages that wait.</summary>
    public int WaitingCount => _mailbox.Count;

    /// <summary>The handler works for so long.</summary>
    public void Work(long ticks) => Cursor += ticks;

    /// <summary>A message arrives at a time.</summary>
    public void Post(long at, Action handle)
    {
        int incarnation = _incarnation;
        time.At(at, () =>
        {
            if (incarnation != _incarnation)
                return;
            _mailbox.Enqueue(handle);
            HandleNext();
        });
    }

    /// <summary>Forgets what waits and what is on its way: its actors are gone.</summary>
    public void Clear()
    {
        _incarnation++;
        _mailbox.Clear();
        _isBusy = false;
    }

    private void HandleNext()
    {
        if (_isBusy || !_mailbox.TryDequeue(out Action? handle))
            return;
        _isBusy = true;
        Cursor = time.Now;
        handle();
        int incarnation = _incarnation;
        time.At(Cursor, () =>
        {
            if (incarnation != _incarnation)
                return;
            _isBusy = false;
            HandleNext();
        });
    }
}

/// <summary>What a simulation holds to be true whatever happens.</summary>
internal static class Invariant
{
    /// <summary>Throws unless <paramref name="holds"/>.</summary>
    /// <param name="holds">Whether it is true.</param>
    /// <param name="what">The invariant, in words.</param>
    public static void Require([DoesNotReturnIf(false)] bool holds, string what)
    {
        if (!holds)
            throw new InvalidOperationException($"It does not hold that {what}.");
    }
}
