using Neuralink.Pipeline.Scheduling;

namespace Neuralink;

/// <summary>The jobs of an engine, from the moment they are taken until their ends have been told. Safe to use by any thread.</summary>
/// <param name="countMax">The most at once: those that run and those that may wait.</param>
internal sealed class EngineJobs(int countMax)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<SequenceId, Action<Exception>> _failing = [];
    private long _last;
    private Exception? _closed;

    /// <summary>Takes a job.</summary>
    /// <param name="fail">Ends it with an error where its actors cannot.</param>
    /// <exception cref="EngineBusyException">There are as many as may be.</exception>
    public SequenceId Add(Action<Exception> fail)
    {
        lock (_gate)
        {
            if (_closed is not null)
                throw _closed;
            if (_failing.Count >= countMax)
                throw new EngineBusyException(_failing.Count);
            SequenceId job = new(++_last);
            _failing.Add(job, fail);
            return job;
        }
    }

    /// <summary>The job's end has been told.</summary>
    public void Remove(SequenceId job)
    {
        lock (_gate)
            _failing.Remove(job);
    }

    /// <summary>All jobs are lost.</summary>
    public void FailAll(Exception error)
    {
        lock (_gate)
        {
            foreach (Action<Exception> fail in _failing.Values)
                fail(error);
        }
    }

    /// <summary>All jobs are lost, and none is taken any more.</summary>
    /// <returns>False where that was so already.</returns>
    public bool Close(Exception error)
    {
        lock (_gate)
        {
            if (_closed is ObjectDisposedException)
                return false;
            _closed = error;
            FailAll(error);
            return true;
        }
    }
}

/// <summary>Counts what jobs come to. Generation writes, anybody reads.</summary>
internal sealed class JobTotals
{
    private long _promptTokens;
    private long _reusedTokens;
    private long _generatedTokens;
    private long _finished;
    private long _failed;
    private long _cancelled;

    public void Add(int promptTokens, int reusedTokens, int generatedTokens, Exception? error)
    {
        Interlocked.Add(ref _promptTokens, promptTokens);
        Interlocked.Add(ref _reusedTokens, reusedTokens);
        Interlocked.Add(ref _generatedTokens, generatedTokens);
        if (error is null)
            Interlocked.Increment(ref _finished);
        else if (error is OperationCanceledException)
            Interlocked.Increment(ref _cancelled);
        else
            Interlocked.Increment(ref _failed);
    }

    /// <summary>As they are now.</summary>
    /// <param name="io">What was read and waited for.</param>
    public EngineTotals Read(IoMetrics io) => new()
    {
        PromptTokens = Interlocked.Read(ref _promptTokens),
        ReusedTokens = Interlocked.Read(ref _reusedTokens),
        GeneratedTokens = Interlocked.Read(ref _generatedTokens),
        Finished = Interlocked.Read(ref _finished),
        Failed = Interlocked.Read(ref _failed),
        Cancelled = Interlocked.Read(ref _cancelled),
        Io = io,
    };
}
