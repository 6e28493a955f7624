using System.Runtime.ExceptionServices;

namespace Neuralink.Actors.Runtime;

/// <summary>
/// Asynchronous handlers. While one is awaited, user messages wait; its continuations come back as system messages, which are handled as
/// ever.
/// </summary>
internal sealed partial class ActorCell
{
    private AsyncHandler? awaited;

    /// <summary>Starts the handler of the message being handled; when it does not complete at once, suspends user messages until it
    /// does.</summary>
    public void RunAsync<T>(Func<T, Task> handle, T message)
    {
        var handler = new AsyncHandler(self, handling);
        Task task;
        using (handler.Enter())
            task = handle(message);
        if (task.IsCompleted)
        {
            task.GetAwaiter().GetResult();
            return;
        }

        awaited = handler;
        _ = task.ContinueWith(
            static (done, state) => ((AsyncHandler)state!).Complete(done),
            handler,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private void ContinueHandler(RunContinuation continuation)
    {
        var handler = continuation.Handler;
        if (!ReferenceEquals(handler, awaited))
            return;
        handling = handler.Envelope;
        using (handler.Enter())
            continuation.Run();
    }

    private void CompleteHandler(HandlerCompleted completed)
    {
        if (!ReferenceEquals(completed.Handler, awaited))
            return;
        handling = completed.Handler.Envelope;
        awaited = null;
        if (completed.Failure is not null)
            ExceptionDispatchInfo.Throw(completed.Failure);
        FinishMessage();
    }

    private void AbandonHandler() => awaited = null;
}

/// <summary>One run of an asynchronous handler: the context its awaits come back to.</summary>
internal sealed class AsyncHandler(LocalActorRef actor, Envelope envelope) : SynchronizationContext
{
    /// <summary>The message the handler was given and its sender.</summary>
    public Envelope Envelope => envelope;

    public override void Post(SendOrPostCallback d, object? state) => actor.SendSystem(new RunContinuation(this, d, state));

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("An actor's context cannot be waited for.");

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Makes this the thread's context until disposed.</summary>
    public Scope Enter()
    {
        var outer = Current;
        SetSynchronizationContext(this);
        return new Scope(outer);
    }

    public void Complete(Task task)
    {
        var failure = task.IsCanceled ? new TaskCanceledException(task) : task.Exception?.InnerException;
        actor.SendSystem(new HandlerCompleted(this, failure));
    }

    internal readonly struct Scope(SynchronizationContext? outer) : IDisposable
    {
        public void Dispose() => SetSynchronizationContext(outer);
    }
}
