namespace Neuralink.Actors.Runtime;

/// <summary>The temporary reference behind an Ask: its first message is the answer, later ones are dead letters.</summary>
internal sealed class PromiseActorRef<T>(ActorSystem? owner) : IInternalActorRef
{
    private readonly TaskCompletionSource<T> promise = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Path => "akka://temp";

    public ActorSystem? Owner => owner;

    public bool IsTerminated => promise.Task.IsCompleted;

    /// <summary>The answer, within the timeout.</summary>
    public async Task<T> Answer(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        try
        {
            var limit = timeout ?? Timeout.InfiniteTimeSpan;
            return await promise.Task.WaitAsync(limit, owner?.Time ?? TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException) when (promise.TrySetCanceled(CancellationToken.None))
        {
            throw new AskTimeoutException($"Timeout after {timeout}");
        }
    }

    public void Tell(object message, IActorRef? sender)
    {
        var first = message switch
        {
            T answer => promise.TrySetResult(answer),
            Status.Failure failure => promise.TrySetException(failure.Cause),
            _ => promise.TrySetException(new ArgumentException(
                $"Received message of type [{message?.GetType()}] - Ask expected message of type [{typeof(T)}]", nameof(message))),
        };
        if (!first)
            owner?.PublishDeadLetter(message!, sender, this);
    }

    public void SendSystem(SystemMessage message)
    {
        if (message is DeathWatchNotification death)
            Tell(new Terminated(death.Actor), death.Actor);
    }

    public override string ToString() => $"[{Path}]";
}
