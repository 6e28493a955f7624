namespace Neuralink.Pipeline.Scheduling;

/// <summary>
/// Says which sequences share a pass, and with how many rows: continuous batching (Orca, OSDI 2022), over a cache of keys and values in
/// blocks (vLLM, SOSP 2023).
/// <code>
/// waiting --(a place, and blocks for its prompt)--> running --Remove--> over
///    ^                                                |
///    +--------(its blocks are needed by others)-------+
/// </code>
/// Every pass has one row of each running sequence that is being continued, so none waits longer than a pass; the rest of its rows are for
/// prompts, in turns. Blocks are taken as sequences grow. Where they run out, the one that came last gives its blocks up and waits to be
/// run again from its beginning: its tokens stay the same, since a row depends on no row of another sequence. A paused sequence keeps its
/// blocks until another needs them, but neither has a row nor takes a running one's place.
/// </summary>
/// <param name="limits">How many.</param>
/// <param name="blocks">The keys and values.</param>
internal sealed class Scheduler(SchedulerLimits limits, ISequenceBlocks blocks)
{
    private readonly Dictionary<SequenceId, ScheduledSequence> _all = [];
    private readonly LinkedList<ScheduledSequence> _waiting = [];
    private readonly List<ScheduledSequence> _running = [];          // in order of admission
    private readonly List<ScheduledSequence> _candidates = [];
    private readonly Queue<SequenceId> _alone = new();
    private readonly List<PassShare> _pass = [];
    private long _passNumber;
    private long _admitted;
    private int _promised;         // blocks that the pass being put together takes

    /// <summary>Sequences that have rows in passes, or will when they are no longer paused.</summary>
    public int RunningCount => _running.Count;

    /// <summary>Sequences that wait for a place.</summary>
    public int WaitingCount => _waiting.Count;

    /// <summary>Running sequences that nobody reads at present.</summary>
    public int PausedCount { get; private set; }

    private int ActiveCount => RunningCount - PausedCount;

    /// <summary>A sequence wants to run.</summary>
    /// <param name="id">A new one.</param>
    /// <param name="length">Its tokens, at least one.</param>
    public void Add(SequenceId id, int length)
    {
        ScheduledSequence sequence = new(id) { Length = length };
        _all.Add(id, sequence);
        _waiting.AddLast(sequence);
    }

    /// <summary>The next pass; empty where nothing can run. Valid until the next call.</summary>
    public IReadOnlyList<PassShare> Next()
    {
        _pass.Clear();
        _promised = 0;
        _passNumber++;
        if (TakeAlone())
            return _pass;
        Admit();
        int taken = TakeThose(static sequence => sequence.Remaining == 1, limits.RowsMax);
        TakeThose(static sequence => sequence.Remaining > 1, limits.RowsMax - taken);
        return _pass;
    }

    /// <summary>A pass is through.</summary>
    /// <param name="share">What it had of a sequence that has not been removed.</param>
    /// <param name="length">The sequence's tokens, with those chosen from this pass.</param>
    public void Advance(PassShare share, int length)
    {
        ScheduledSequence sequence = _all[share.Id];
        sequence.Done += share.Rows;
        sequence.Length = length;
    }

    /// <summary>A pass failed for all of its sequences: they are run one by one, so that only those fail that must.</summary>
    public void RunAlone(IEnumerable<PassShare> failed)
    {
        foreach (PassShare share in failed)
            _alone.Enqueue(share.Id);
    }

    /// <summary>A sequence is over: its blocks are free or kept.</summary>
    public void Remove(SequenceId id)
    {
        if (!_all.Remove(id, out ScheduledSequence? sequence))
            return;
        if (_running.Remove(sequence))
        {
            PausedCount -= sequence.IsPaused ? 1 : 0;
            blocks.Release(id);
        }
        else
        {
            _waiting.Remove(sequence);
        }
    }

    /// <summary>Nobody reads what a sequence gives: it has no rows until that changes.</summary>
    public void SetPaused(SequenceId id, bool isPaused)
    {
        if (!_all.TryGetValue(id, out ScheduledSequence? sequence) || sequence.IsPaused == isPaused)
            return;
        sequence.IsPaused = isPaused;
        if (_running.Contains(sequence))
            PausedCount += isPaused ? 1 : -1;
    }

    private bool TakeAlone()
    {
        while (_alone.TryDequeue(out SequenceId id))
        {
            if (_all.TryGetValue(id, out ScheduledSequence? sequence) && _running.Contains(sequence) && Take(sequence, limits.RowsMax) > 0)
                return true;
        }
        return false;
    }

    private void Admit()
    {
        while (ActiveCount < limits.RunningMax && NextToAdmit() is { } next)
        {
            if (!HasBlocksFor(next))
                return;
            _waiting.Remove(next);
            next.Order = ++_admitted;
            _running.Add(next);
            next.Done = blocks.Attach(next.Id);
        }
    }

    /// <summary>
    /// Whether there are blocks for all of a sequence's tokens beside what those that run still take. Paused ones give theirs up for it. A
    /// sequence that would be alone is not asked: any one has room.
    /// </summary>
    private bool HasBlocksFor(ScheduledSequence next)
    {
        int wanted = blocks.CountFor(next.Id, next.Length + 1);
        foreach (ScheduledSequence sequence in _running)
        {
            if (!sequence.IsPaused)
                wanted += blocks.CountFor(sequence.Id, sequence.Length + 1);
        }
        while (wanted > blocks.AvailableCount && _running.FindLast(static sequence => sequence.IsPaused) is { } paused)
            GiveUp(paused);
        return wanted <= blocks.AvailableCount || _running.Count == 0;
    }

    private ScheduledSequence? NextToAdmit()
    {
        foreach (ScheduledSequence sequence in _waiting)
        {
            if (!sequence.IsPaused)
                return sequence;
        }
        return null;
    }

    /// <summary>Rows of those running that are meant, first of those whose last pass is longest ago.</summary>
    private int TakeThose(Predicate<ScheduledSequence> areMeant, int rows)
    {
        foreach (ScheduledSequence sequence in _running)
        {
            if (!sequence.IsPaused && areMeant(sequence))
                _candidates.Add(sequence);
        }
        _candidates.Sort(static (a, b) => (a.LastPass, a.Order).CompareTo((b.LastPass, b.Order)));
        int taken = 0;
        foreach (ScheduledSequence sequence in _candidates)
        {
            if (taken < rows && _running.Contains(sequence))
                taken += Take(sequence, rows - taken);
        }
        _candidates.Clear();
        return taken;
    }

    /// <summary>Puts rows of a sequence into the pass, if there are blocks for them.</summary>
    private int Take(ScheduledSequence sequence, int rowsMax)
    {
        int rows = Math.Min(rowsMax, sequence.Remaining), wanted = blocks.CountFor(sequence.Id, sequence.Done + rows);
        while (wanted > blocks.AvailableCount - _promised)
        {
            ScheduledSequence last = LastWithoutRows();
            GiveUp(last);
            if (last == sequence)
                return 0;
        }
        _promised += wanted;
        sequence.LastPass = _passNumber;
        _pass.Add(new PassShare(sequence.Id, rows));
        return rows;
    }

    /// <summary>Who has to give up blocks: a paused one before the others, the last that came before those that came earlier.</summary>
    private ScheduledSequence LastWithoutRows()
    {
        ScheduledSequence? last = null;
        foreach (ScheduledSequence sequence in _running)
        {
            if (sequence.LastPass != _passNumber && (last is null || sequence.IsPaused || !last.IsPaused))
                last = sequence;
        }
        return last ?? throw new InvalidOperationException("A pass has rows of all sequences, and not enough blocks for them.");
    }

    private void GiveUp(ScheduledSequence sequence)
    {
        blocks.Release(sequence.Id);
        _running.Remove(sequence);
        PausedCount -= sequence.IsPaused ? 1 : 0;
        sequence.Done = 0;
        _waiting.AddFirst(sequence);
    }

    private sealed class ScheduledSequence(SequenceId id)
    {
        public SequenceId Id => id;

        /// <summary>Tokens that are known.</summary>
        public int Length { get; set; }

        /// <summary>Of them, those whose keys and values are there.</summary>
        public int Done { get; set; }

        public int Remaining => Length - Done;

        public bool IsPaused { get; set; }

        /// <summary>Ascending in the order of admission.</summary>
        public long Order { get; set; }

        /// <summary>The last pass that had rows of it.</summary>
        public long LastPass { get; set; }
    }
}

/// <summary>By which a sequence is known.</summary>
internal readonly record struct SequenceId(long Value);

/// <summary>What a pass has of one sequence: its next <paramref name="Rows"/> tokens.</summary>
internal readonly record struct PassShare(SequenceId Id, int Rows);

/// <summary>How many sequences and rows.</summary>
/// <param name="RowsMax">Rows of a pass, at least <paramref name="RunningMax"/>.</param>
/// <param name="RunningMax">Sequences that run at once, paused ones aside.</param>
internal readonly record struct SchedulerLimits(int RowsMax, int RunningMax);

/// <summary>The keys and values of the sequences of a <see cref="Scheduler"/>, in blocks.</summary>
internal interface ISequenceBlocks
{
    /// <summary>Blocks that can be taken.</summary>
    public int AvailableCount { get; }

    /// <summary>Blocks that a sequence still has to take to have so many positions.</summary>
    public int CountFor(SequenceId id, int positions);

    /// <summary>A sequence is admitted: it takes over what is kept of its beginning.</summary>
    /// <returns>Positions whose keys and values are there; less than it has tokens.</returns>
    public int Attach(SequenceId id);

    /// <summary>A sequence gives its blocks back.</summary>
    public void Release(SequenceId id);
}
