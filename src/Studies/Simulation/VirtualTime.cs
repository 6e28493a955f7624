using System.Diagnostics.CodeAnalysis;

namespace Neuralink.Studies.Simulation;

/// <summary>
/// A clock that stands still while something happens, and jumps to what happens next. What is due at the same time happens in the order
/// in which it was asked for.
/// </summary>
internal sealed class VirtualTime
{
    private readonly PriorityQueue<Event, (long Time, long Order)> _later = new();
    private readonly Queue<Event> _present = new();      // due now, and asked for after all that is due now in _later
    private long _order;

    /// <summary>The time, in ticks.</summary>
    public long Now { get; private set; }

    /// <summary>Something happens at a time.</summary>
    public void At(long time, Action happens) => At(time, new Event(happens, Thread: null, Incarnation: 0));

    /// <summary>A thread is given something at a time, or wakes if that is null.</summary>
    public void At(long time, VirtualThread thread, int incarnation, Action? message) => At(time, new Event(message, thread, incarnation));

    /// <summary>Makes the next thing happen; false when nothing will happen any more.</summary>
    public bool Step()
    {
        if (_later.TryPeek(out Event next, out (long Time, long Order) due) && (due.Time == Now || _present.Count == 0))
        {
            _later.Dequeue();
            Now = due.Time;
        }
        else if (!_present.TryDequeue(out next))
        {
            return false;
        }
        if (next.Thread is { } thread)
            thread.Receive(next.Incarnation, next.Message);
        else
            next.Message!();
        return true;
    }

    private void At(long time, Event happens)
    {
        if (time < Now)
            throw new InvalidOperationException($"{time} is past; it is {Now}.");
        if (time == Now)
            _present.Enqueue(happens);
        else
            _later.Enqueue(happens, (time, _order++));
    }

    private readonly record struct Event(Action? Message, VirtualThread? Thread, int Incarnation);
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
    public void Post(long at, Action handle) => time.At(at, this, _incarnation, handle);

    /// <summary>Handles something before all that waits, in no time.</summary>
    public void HandleNow(Action handle)
    {
        Cursor = time.Now;
        handle();
    }

    /// <summary>Forgets what waits and what is on its way: its actors are gone.</summary>
    public void Clear()
    {
        _incarnation++;
        _mailbox.Clear();
        _isBusy = false;
    }

    /// <summary>A message is there, or (null) the handler that ran is done.</summary>
    public void Receive(int incarnation, Action? message)
    {
        if (incarnation != _incarnation)
            return;
        if (message is null)
            _isBusy = false;
        else
            _mailbox.Enqueue(message);
        while (!_isBusy && _mailbox.TryDequeue(out Action? handle))
        {
            Cursor = time.Now;
            handle();
            if (Cursor == time.Now)
                continue;
            _isBusy = true;
            time.At(Cursor, this, _incarnation, message: null);
        }
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
