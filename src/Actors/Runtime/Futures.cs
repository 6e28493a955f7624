namespace Neuralink.Actors.Runtime;

/// <summary>Questions from outside the actors: hosts and tests. It costs a promise, a timer and a task, so actors do not ask each
/// other.</summary>
public static class Futures
{
    /// <summary>Sends the message from a temporary reference and completes with the first answer; waits for ever without a
    /// timeout.</summary>
    /// <exception cref="AskTimeoutException">No answer came in time.</exception>
    /// <exception cref="ArgumentException">The answer is no <typeparamref name="T"/>. A <see cref="Status.Failure"/> throws its
    /// cause.</exception>
    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<T>(message, timeout, CancellationToken.None);

    /// <inheritdoc cref="Ask{T}(ICanTell, object, TimeSpan?)"/>
    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var promise = new PromiseActorRef<T>((self as IInternalActorRef)?.Owner);
        var answer = promise.Answer(timeout, cancellationToken);
        self.Tell(message, promise);
        return answer;
    }
}

/// <summary>Stopping from outside the actors.</summary>
public static class GracefulStopSupport
{
    /// <summary>Sends a <see cref="PoisonPill"/> and completes with true when the actor has stopped.</summary>
    /// <exception cref="TaskCanceledException">It has not stopped in time.</exception>
    public static async Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout)
    {
        var watchee = (IInternalActorRef)target;
        var promise = new PromiseActorRef<Terminated>(watchee.Owner);
        var stopped = promise.Answer(timeout, CancellationToken.None);
        watchee.SendSystem(new Watch(watchee, promise));
        target.Tell(PoisonPill.Instance, ActorRefs.NoSender);
        try
        {
            await stopped.ConfigureAwait(false);
            return true;
        }
        catch (AskTimeoutException e)
        {
            watchee.SendSystem(new Unwatch(promise));
            throw new TaskCanceledException($"{target} did not stop within {timeout}.", e);
        }
    }
}
