using Neuralink.Actors.Hosting;

namespace Neuralink.Studies.Planning;

/// <summary>
/// What a message takes to a thread that sleeps: two actors on the engine's dispatchers, one on each, send each other one message, with
/// pauses.
/// </summary>
internal static class MessageProbe
{
    private const int WarmUp = 50, Measured = 150;

    // While a layer is computed, Io's thread falls asleep.
    private static readonly TimeSpan s_asleep = TimeSpan.FromMicroseconds(300);

    /// <summary>Microseconds from sending a message to its handling, the median.</summary>
    public static double Micros(TimeProvider time)
    {
        using ActorSystem system = ActorHosting.NewSystem();
        TaskCompletionSource<double> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        IActorRef answerer = system.ActorOf(Props.Create(() => new Answerer(time)).WithDispatcher(ActorHosting.IoDispatcher));
        Props props = Props.Create(() => new Asker(answerer, time, result));
        IActorRef asker = system.ActorOf(props.WithDispatcher(ActorHosting.ComputeDispatcher));
        asker.Tell(Begin.Instance, ActorRefs.NoSender);
        return result.Task.GetAwaiter().GetResult();
    }

    private sealed record Ball(long SentTimestamp);

    private sealed class Answerer : ReceiveActor
    {
        public Answerer(TimeProvider time) =>
            Receive<Ball>(ball => Sender.Tell(time.GetElapsedTime(ball.SentTimestamp).TotalMicroseconds, Self));
    }

    private sealed class Asker : ReceiveActor
    {
        private readonly List<double> _micros = [];

        public Asker(IActorRef answerer, TimeProvider time, TaskCompletionSource<double> result)
        {
            Receive<Begin>(_ => Ask());
            Receive<double>(micros =>
            {
                _micros.Add(micros);
                if (_micros.Count < WarmUp + Measured)
                    Ask();
                else
                    result.TrySetResult(_micros.Skip(WarmUp).Order().ElementAt(Measured / 2));
            });

            void Ask()
            {
                for (long start = time.GetTimestamp(); time.GetElapsedTime(start) < s_asleep;)
                    Thread.SpinWait(10);
                answerer.Tell(new Ball(time.GetTimestamp()), Self);
            }
        }
    }

    private sealed record Begin
    {
        public static Begin Instance { get; } = new();
    }
}
