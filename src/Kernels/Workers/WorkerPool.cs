using System.Runtime.ExceptionServices;

namespace Neuralink.Kernels;

/// <summary>
/// A fixed number of threads that share loops. The caller of <see cref="Run"/> is worker 0; the others are background threads named
/// neuralink-worker-1 and up, which park when idle. One run at a time; a run allocates nothing.
/// <para>
/// The split is static: worker w gets the same indices whenever count, grain and the number of threads are the same.
/// </para>
/// </summary>
public sealed class WorkerPool : IDisposable
{
    private readonly Thread[] _threads;
    private readonly Signal[] _work;
    private readonly Signal _done = new();
    private readonly ExceptionDispatchInfo?[] _errors;

    private IParallelBody? _body;
    private int _count;
    private int _grain;
    private int _remaining;
    private int _started;
    private int _finished;
    private int _running;
    private bool _disposed;

    /// <param name="threads">Workers in total, the caller included; at least 1.</param>
    public WorkerPool(int threads)
    {
        Require.AtLeast(threads, 1, nameof(threads));
        Threads = threads;
        _errors = new ExceptionDispatchInfo?[threads];
        _work = new Signal[threads - 1];
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _work[i] = new Signal();
            _threads[i] = new Thread(() => Loop(worker)) { IsBackground = true, Name = $"neuralink-worker-{worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Workers in total, the caller included.</summary>
    public int Threads { get; }

    /// <summary>
    /// Executes [0, count) in at most Threads contiguous ranges, all but the last a multiple of <paramref name="grain"/> long, and returns
    /// when all are done. What fits one grain runs on the caller alone.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another run is in progress: a pool has one user at a time.</exception>
    /// <remarks>If bodies throw, the run is completed first, then the exception of the lowest worker is thrown.</remarks>
    public void Run(IParallelBody body, int count, int grain)
    {
        Require.NotNegative(count, nameof(count));
        Require.AtLeast(grain, 1, nameof(grain));
        Enter();
        try
        {
            if (Threads == 1 || count <= grain)
            {
                if (count > 0)
                    body.Execute(0, count, 0);

                return;
            }

            RunOnAll(body, count, grain);
            ThrowFirstError();
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    /// <summary>Stops the threads and waits for them. Must not be called during a run.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;

        Enter();
        _disposed = true;
        StartAll();
        foreach (Thread thread in _threads)
            thread.Join();

        foreach (Signal signal in _work)
            signal.Dispose();

        _done.Dispose();
        Volatile.Write(ref _running, 0);
    }

    private void Enter()
    {
        if (Interlocked.Exchange(ref _running, 1) == 1)
            throw new InvalidOperationException("A worker pool has one user at a time, and a run is in progress.");

        if (_disposed)
        {
            Volatile.Write(ref _running, 0);
            throw new ObjectDisposedException(nameof(WorkerPool));
        }
    }

    private void RunOnAll(IParallelBody body, int count, int grain)
    {
        _body = body;
        _count = count;
        _grain = grain;
        _remaining = _threads.Length;
        int finished = _finished;
        StartAll();
        Execute(0);
        _done.WaitWhile(ref _finished, finished);
        _body = null;
    }

    private void StartAll()
    {
        // The increment publishes everything a run's fields say.
        Interlocked.Increment(ref _started);
        foreach (Signal signal in _work)
            signal.Wake();
    }

    private void Loop(int worker)
    {
        int seen = 0;
        while (true)
        {
            _work[worker - 1].WaitWhile(ref _started, seen);
            seen++;
            if (_disposed)
                return;

            Execute(worker);
            if (Interlocked.Decrement(ref _remaining) == 0)
            {
                Interlocked.Increment(ref _finished);
                _done.Wake();
            }
        }
    }

    private void Execute(int worker)
    {
        // Ranges are whole grains, as even as they can be.
        long grains = (_count + (long)_grain - 1) / _grain;
        int begin = (int)(grains * worker / Threads * _grain);
        int end = (int)Math.Min(grains * (worker + 1) / Threads * _grain, _count);
        if (begin >= end)
            return;

        try
        {
            _body!.Execute(begin, end, worker);
        }
        catch (Exception error)
        {
            _errors[worker] = ExceptionDispatchInfo.Capture(error);
        }
    }

    private void ThrowFirstError()
    {
        ExceptionDispatchInfo? first = null;
        for (int worker = 0; worker < _errors.Length; worker++)
        {
            first ??= _errors[worker];
            _errors[worker] = null;
        }

        first?.Throw();
    }
}
