namespace Neuralink.Actors.Runtime;

/// <summary>The result of outside work as a message: how an actor waits without blocking.</summary>
public static class PipeToSupport
{
    /// <summary>Sends the result when the task completes, or <see cref="Status.Failure"/> when it fails or is cancelled.</summary>
    /// <param name="taskToPipe">The work.</param>
    /// <param name="recipient">Who is told.</param>
    /// <param name="sender">The sender of that message.</param>
    /// <param name="success">Makes the message of a result.</param>
    /// <param name="failure">Makes the message of an exception.</param>
    public static async Task PipeTo<T>(
        this Task<T> taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<T, object>? success = null,
        Func<Exception, object>? failure = null)
    {
        try
        {
            var result = await taskToPipe.ConfigureAwait(false);
            recipient.Tell(success is null ? result! : success(result), sender);
        }
        catch (Exception e)
        {
            recipient.Tell(failure is null ? new Status.Failure(e) : failure(e), sender);
        }
    }

    /// <summary>As for a task with a result, except that success without <paramref name="success"/> sends nothing.</summary>
    public static async Task PipeTo(
        this Task taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<object>? success = null,
        Func<Exception, object>? failure = null)
    {
        try
        {
            await taskToPipe.ConfigureAwait(false);
            if (success is not null)
                recipient.Tell(success(), sender);
        }
        catch (Exception e)
        {
            recipient.Tell(failure is null ? new Status.Failure(e) : failure(e), sender);
        }
    }
}
