using Neuralink.Models.Inference;
using Neuralink.Pipeline.Scheduling;

namespace Neuralink.Actors.Generation;

/// <summary>What Generation works with.</summary>
internal sealed record GenerationSetup
{
    public required SchedulerLimits Limits { get; init; }

    /// <summary>Keys and values.</summary>
    public required KvBlockPool Blocks { get; init; }

    /// <summary>The most tokens of a job.</summary>
    public required int PositionsMax { get; init; }

    /// <summary>Every actor's.</summary>
    public required LayerCounters Counters { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Whether passes that look ahead are compared with others, and what is quicker is done.</summary>
    public bool TriesLookahead { get; init; }

    /// <summary>Shows how many jobs there are.</summary>
    public GenerationGauges Gauges { get; } = new();

    /// <summary>Told of each pass that has ended well, on Generation's thread, or null.</summary>
    public Action<PassEnded>? PassEnded { get; init; }
}

/// <summary>A pass that has ended; valid during the call.</summary>
/// <param name="Pass">Its number.</param>
/// <param name="StartTimestamp">When it was handed out.</param>
/// <param name="Parts">Its jobs, and the rows it had of each.</param>
/// <param name="Before">Every counter as it was when the pass before it ended.</param>
internal readonly record struct PassEnded(
    PassId Pass, long StartTimestamp, IReadOnlyList<(RunningJob Job, int Rows)> Parts, LayerCounters Before);

/// <summary>How many jobs and blocks there are. Generation writes, anybody reads: each number is right, all together nearly.</summary>
internal sealed class GenerationGauges
{
    private int _running;
    private int _waiting;
    private int _paused;
    private int _takenBlocks;
    private int _keptBlocks;

    public int Running => Volatile.Read(ref _running);

    public int Waiting => Volatile.Read(ref _waiting);

    public int Paused => Volatile.Read(ref _paused);

    /// <summary>Blocks that hold something: none before the first job, when nothing has been written here.</summary>
    public int TakenBlocks => Volatile.Read(ref _takenBlocks);

    public int KeptBlocks => Volatile.Read(ref _keptBlocks);

    public void Set(Scheduler scheduler, KvBlockPool blocks)
    {
        Volatile.Write(ref _running, scheduler.RunningCount);
        Volatile.Write(ref _waiting, scheduler.WaitingCount);
        Volatile.Write(ref _paused, scheduler.PausedCount);
        Volatile.Write(ref _takenBlocks, blocks.BlockCount - blocks.FreeCount);
        Volatile.Write(ref _keptBlocks, blocks.KeptCount);
    }
}
