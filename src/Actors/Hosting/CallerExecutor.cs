using Akka.Configuration;
using Akka.Dispatch;

namespace Neuralink.Actors.Hosting;

/// <summary>
/// Runs an actor on the very thread that tells it something, if the actor is not running elsewhere: so a message to it wakes nobody.
/// For an actor whose messages take microseconds and come from threads that have time: Io, which the device's threads tell that reads
/// are complete, and which gives them the next ones.
/// <para>
/// A thread of a device stays with the actor while there is more to do. A thread that actors share handles what it told the actor, and
/// leaves the rest to a thread that is kept for that, which otherwise sleeps.
/// </para>
/// </summary>
internal sealed class CallerExecutor(string id, EventStream events) : ExecutorService(id)
{
    [ThreadStatic]
    private static bool t_isRunning;

    [ThreadStatic]
    private static IRunnable? t_next;      // what came up while the thread ran something

    private readonly OneThreadExecutor _others = new(id, events);

    public override void Execute(IRunnable run)
    {
        if (t_isRunning)
            Postpone(run);
        else
            RunHere(run);
    }

    public override void Shutdown() => _others.Shutdown();

    private void Postpone(IRunnable run)
    {
        if (OneThreadExecutor.IsOnOwnThread || t_next is not null)
            _others.Execute(run);
        else
            t_next = run;
    }

    private void RunHere(IRunnable run)
    {
        t_isRunning = true;
        OneThreadExecutor.Run(run, Id, events);
        while (t_next is { } next)
        {
            t_next = null;
            OneThreadExecutor.Run(next, Id, events);
        }
        t_isRunning = false;
    }
}

/// <summary>Makes a <see cref="CallerExecutor"/> where a dispatcher's configuration names this class as its executor.</summary>
internal sealed class CallerExecutors(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    public override ExecutorService Produce(string id) => new CallerExecutor(id, Prerequisites.EventStream);
}
