using Neuralink.Actors.Hosting;

namespace Neuralink.Studies.Planning;

/// <summary>
/// What a message costs that wakes another thread: two actors on the engine's dispatchers, one on each, send each other one message.
/// </summary>
internal static class MessageProbe
{
    private const int WarmUp = 200, Measured = 800;

    /// <summary>Microseconds of a message, the mean.</summary>
    public static double Micros(TimeProvider time)
    {
        using ActorSystem system = ActorHosting.NewSystem();
        TaskCompletionSource<double> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        IActorRef answerer = system.ActorOf(Props.Create(() => new Answerer()).WithDispatcher(ActorHosting.IoDispatcher));
        Props props = Props.Create(() => new Asker(answerer, time, result));
        IActorRef asker = system.ActorOf(props.WithDispatcher(ActorHosting.ComputeDispatcher));
        asker.Tell(Ball.Instance, ActorRefs.NoSender);
        return result.Task.GetAwaiter().GetResult();
    }

    private sealed record Ball
    {
        public static Ball Instance { get; } = new();
    }

    private sealed class Answerer : ReceiveActor
    {
        public Answerer() => Receive<Ball>(ball => Sender.Tell(ball, Self));
    }

    private sealed class Asker : ReceiveActor
    {
        private int _sent;
        private long _start;

        public Asker(IActorRef answerer, TimeProvider time, TaskCompletionSource<double> result) => Receive<Ball>(ball =>
        {
            if (_sent == WarmUp)
                _start = time.GetTimestamp();
            if (_sent++ < WarmUp + Measured)
                answerer.Tell(ball, Self);
            else
                result.TrySetResult(time.GetElapsedTime(_start).TotalMicroseconds / (2 * Measured));
        });
    }
}
