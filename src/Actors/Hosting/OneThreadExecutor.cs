using System.Collections.Concurrent;
using Akka.Configuration;
using Akka.Dispatch;
using Neuralink.Kernels;

namespace Neuralink.Actors.Hosting;

/// <summary>
/// Runs actors on one thread of its own, which sleeps when there is nothing to do. What it runs itself tells others on the same thread by
/// putting them into its queue, and wakes nobody.
/// <para>
/// Akka's own pools yield the processor over and over before a thread of theirs sleeps. On two processors that took the reading threads
/// a third of the time (docs/experiments/process.md).
/// </para>
/// </summary>
internal sealed class OneThreadExecutor : ExecutorService
{
    // A few microseconds: an answer from another thread that is awake comes within them. To sleep and be woken costs ten times that, but
    // while this thread waits for flash, those that read have more use for the processor.
    private const int Spins = 10;
    private const int PausesASpin = 10;

    [ThreadStatic]
    private static OneThreadExecutor? t_current;

    private readonly ConcurrentQueue<IRunnable> _queue = new();
    private readonly Parking _parking = new();
    private readonly EventStream _events;
    private volatile bool _isShutDown;

    /// <param name="id">The dispatcher's, and the thread's name.</param>
    /// <param name="events">Is told of what throws.</param>
    public OneThreadExecutor(string id, EventStream events)
        : base(id)
    {
        _events = events;
        new Thread(Work) { IsBackground = true, Name = id }.Start();
    }

    /// <summary>Whether the calling thread belongs to an executor of this kind.</summary>
    public static bool IsOnOwnThread => t_current is not null;

    /// <summary>Runs it. What it throws is no actor's, and reported: a thread of ours, or of a device, is not to end with it.</summary>
    public static void Run(IRunnable run, string id, EventStream events)
    {
        try
        {
            run.Run();
        }
        catch (Exception error)
        {
            events.Publish(new Error(error, id, typeof(OneThreadExecutor), "A dispatcher's work failed."));
        }
    }

    public override void Execute(IRunnable run)
    {
        _queue.Enqueue(run);
        if (t_current != this)
            _parking.Wake();
    }

    public override void Shutdown()
    {
        _isShutDown = true;
        _parking.Wake();
    }

    private void Work()
    {
        t_current = this;
        while (true)
        {
            while (_queue.TryDequeue(out IRunnable? run))
                Run(run, Id, _events);
            if (_isShutDown)
                return;
            if (!SpinUntilAsked())
                _parking.Sleep();
        }
    }

    private bool SpinUntilAsked()
    {
        for (int i = 0; i < Spins; i++)
        {
            if (!_queue.IsEmpty)
                return true;
            Thread.SpinWait(PausesASpin);
        }
        return false;
    }
}

/// <summary>Makes a <see cref="OneThreadExecutor"/> where a dispatcher's configuration names this class as its executor.</summary>
internal sealed class OneThreadExecutors(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    public override ExecutorService Produce(string id) => new OneThreadExecutor(id, Prerequisites.EventStream);
}
