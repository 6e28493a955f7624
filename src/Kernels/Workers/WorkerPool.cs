using System.Runtime.ExceptionServices;

namespace Neuralink.Kernels;

/// <summary>
/// A fixed number of threads that share loops. The caller of <see cref="Run"/> is worker 0; the others are background threads named
/// neuralink-worker-1 and up, which sleep when idle. One run at a time; a run allocates nothing.
/// <para>
/// A loop is cut into the same pieces whenever count, grain and the number of threads are the same. Whoever is free takes the next piece,
/// so a run never waits for a worker that is slow to wake: the caller does what nobody else has begun.
/// </para>
/// </summary>
public sealed class WorkerPool : IDisposable
{
    // Pieces for each worker: one who begins late, or is interrupted, delays the others by a part of its share only. More would make the
    // products of a prompt pack their inputs more often.
    private const int PiecesAWorker = 2;

    private readonly Thread[] _threads;
    private readonly Signal[] _work;
    private readonly Signal _done = new();
    private readonly ExceptionDispatchInfo?[] _errors;      // [worker], its first

    // What a run is. Written before its ticket, and not before all pieces of the run before are done.
    private IParallelBody? _body;
    private int _count;
    private int _pieceCount;
    private int _pieceLength;

    // The run's number in the upper half, the pieces that nobody has taken in the lower: a worker that comes late takes none of another
    // run by mistake.
    private ulong _ticket;
    private int _unfinished;      // pieces
    private int _started;         // runs
    private int _finished;        // runs
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

    /// <summary>Whether a worker beside the caller is awake, just now: it takes a piece at once, and nobody has to wake it.</summary>
    public bool IsAwake
    {
        get
        {
            foreach (Signal signal in _work)
            {
                if (!signal.IsAsleep)
                    return true;
            }

            return false;
        }
    }

    /// <summary>
    /// Executes [0, count) in contiguous ranges, all but the last a multiple of <paramref name="grain"/> long, and returns when all are
    /// done. A worker may get several, or none. What fits one grain runs on the caller alone.
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
        int grains = (int)(((long)count + grain - 1) / grain), pieces = Math.Min(grains, Threads * PiecesAWorker);
        int pieceGrains = (grains + pieces - 1) / pieces;
        _body = body;
        _count = count;
        _pieceLength = (int)Math.Min((long)pieceGrains * grain, count);
        _pieceCount = (grains + pieceGrains - 1) / pieceGrains;
        _unfinished = _pieceCount;
        int finished = _finished;
        uint run = (uint)(_ticket >> 32) + 1;
        Volatile.Write(ref _ticket, ((ulong)run << 32) | (uint)_pieceCount);
        StartAll();
        TakePieces(0);
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
            seen = Volatile.Read(ref _started);
            if (_disposed)
                return;

            TakePieces(worker);
        }
    }

    private void TakePieces(int worker)
    {
        while (true)
        {
            ulong ticket = Volatile.Read(ref _ticket);
            uint left = (uint)ticket;
            if (left == 0)
                return;

            // Once a piece is taken, its run cannot end before it is done: the fields stay what they are.
            if (Interlocked.CompareExchange(ref _ticket, ticket - 1, ticket) == ticket)
                Execute(_pieceCount - (int)left, worker);
        }
    }

    private void Execute(int piece, int worker)
    {
        int begin = piece * _pieceLength, end = (int)Math.Min((long)begin + _pieceLength, _count);
        try
        {
            _body!.Execute(begin, end, worker);
        }
        catch (Exception error)
        {
            _errors[worker] ??= ExceptionDispatchInfo.Capture(error);
        }

        if (Interlocked.Decrement(ref _unfinished) > 0)
            return;
        Interlocked.Increment(ref _finished);
        if (worker > 0)
            _done.Wake();
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
