namespace Neuralink.Actors.Planning;

/// <summary>What a message costs when the actor that it goes to sleeps on a thread of its own, as Compute, Predictor and Io do: two such send each other one message.</summary>
internal static class MessageProbe
{
    private const string Dispatcher = "neuralink.compute-dispatcher";

    private const int WarmUp = 200, Measured = 800;

    /// <summary>Microseconds of a message, the mean.</summary>
    public static double Micros(TimeProvider time)
    {
        using ActorSystem system = ActorSystem.Create("planning", ConfigurationFactory.ParseString(PipelineActor.Configuration));
        TaskCompletionSource<double> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        IActorRef answerer = system.ActorOf(Props.Create(() => new Answerer()).WithDispatcher(Dispatcher));
        IActorRef asker = system.ActorOf(Props.Create(() => new Asker(answerer, time, result)).WithDispatcher(Dispatcher));
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
