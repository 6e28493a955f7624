namespace Neuralink.Actors.Runtime;

/// <summary>Where an actor runs.</summary>
internal abstract class Dispatcher
{
    /// <summary>User messages an actor may handle before it gives its thread back.</summary>
    public abstract int Throughput { get; }

    /// <summary>Makes <see cref="Mailbox.Execute"/> run once, soon, on a thread of this dispatcher.</summary>
    public abstract void Execute(Mailbox mailbox);
}

/// <summary>The default dispatcher: the .NET thread pool, first in first out.</summary>
internal sealed class ThreadPoolDispatcher : Dispatcher
{
    internal static readonly ThreadPoolDispatcher Instance = new();

    /// <summary>Akka's own default (akka.actor.default-dispatcher.throughput).</summary>
    public override int Throughput => 30;

    public override void Execute(Mailbox mailbox) => ThreadPool.UnsafeQueueUserWorkItem(mailbox, preferLocal: false);
}

/// <summary>One thread for one actor, for as long as the actor lives.</summary>
internal sealed class PinnedDispatcher : Dispatcher
{
    private readonly object gate = new();
    private readonly Mailbox mailbox;
    private bool signalled;

    public PinnedDispatcher(Mailbox mailbox, string threadName)
    {
        this.mailbox = mailbox;
        new Thread(Loop) { IsBackground = true, Name = threadName }.Start();
    }

    /// <summary>The thread has no one to give way to.</summary>
    public override int Throughput => int.MaxValue;

    public override void Execute(Mailbox mailbox)
    {
        lock (gate)
        {
            signalled = true;
            Monitor.Pulse(gate);
        }
    }

    private void Loop()
    {
        while (!mailbox.IsClosed)
        {
            AwaitSignal();
            mailbox.Execute();
        }
    }

    private void AwaitSignal()
    {
        lock (gate)
        {
            while (!signalled)
                Monitor.Wait(gate);
            signalled = false;
        }
    }
}
