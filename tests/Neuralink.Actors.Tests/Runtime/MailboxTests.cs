namespace Neuralink.Actors.Runtime.Tests;

public sealed class MailboxTests : RuntimeTest
{
    private sealed record Numbered(int Sender, int Number);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Messages_of_each_sender_stay_in_order_and_handlers_never_overlap(bool pinned)
    {
        const int senders = 16;
        const int messages = 5_000;
        var next = new int[senders];
        var inside = 0;
        var handled = 0;
        var faults = 0;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Action<Scripted, object> check = (_, message) =>
        {
            var numbered = (Numbered)message;
            if (Interlocked.Increment(ref inside) != 1 || next[numbered.Sender]++ != numbered.Number)
                faults++;
            Interlocked.Decrement(ref inside);
            if (++handled == senders * messages)
                done.SetResult();
        };
        var props = Props.Create(() => new Scripted(check));
        var receiver = System.ActorOf(pinned ? props.WithDispatcher("pinned") : props);

        var threads = Enumerable.Range(0, senders).Select(sender => new Thread(() =>
        {
            for (var i = 0; i < messages; i++)
                receiver.Tell(new Numbered(sender, i));
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        await done.Task.WaitAsync(Limit);
        faults.Should().Be(0);
    }

    [Fact]
    public async Task Actors_that_pass_messages_around_never_lose_a_wakeup()
    {
        const int actors = 50;
        const int hops = 20_000;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ring = new IActorRef[actors];
        for (var i = 0; i < actors; i++)
        {
            var following = (i + 1) % actors;
            ring[i] = Actor((_, message) =>
            {
                if ((int)message == 0)
                    done.TrySetResult();
                else
                    ring[following].Tell((int)message - 1);
            });
        }

        ring[0].Tell(hops);

        await done.Task.WaitAsync(Limit);
    }

    [Fact]
    public async Task Two_pinned_actors_that_answer_each_other_never_lose_a_wakeup()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Action<Scripted, object> answer = (self, message) =>
        {
            if ((int)message == 0)
                done.TrySetResult();
            else
                self.Sender.Tell((int)message - 1);
        };
        var one = System.ActorOf(Props.Create(() => new Scripted(answer)).WithDispatcher("pinned"));
        var other = System.ActorOf(Props.Create(() => new Scripted(answer)).WithDispatcher("pinned"));

        one.Tell(10_000, other);

        await done.Task.WaitAsync(Limit);
    }

    [Fact]
    public void A_null_message_is_refused_at_once()
    {
        var actor = Actor((_, _) => { });

        var tell = () => actor.Tell(null!);

        tell.Should().Throw<InvalidMessageException>();
    }

    [Fact]
    public void A_tell_allocates_nothing_of_its_own()
    {
        const int messages = 20_000;
        var handled = 0;
        var actor = Actor((_, _) => Volatile.Write(ref handled, handled + 1));
        var message = new object();
        void TellAndAwait(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var expected = Volatile.Read(ref handled) + 1;
                actor.Tell(message, ActorRefs.NoSender);
                SpinWait wait = default;
                while (Volatile.Read(ref handled) < expected)
                    wait.SpinOnce(sleep1Threshold: -1);
            }
        }

        TellAndAwait(1_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        TellAndAwait(messages);
        var allocatedBytes = GC.GetAllocatedBytesForCurrentThread() - before;

        // Segments of the queues may be replaced now and then; an object of its own would be 24 bytes a message at least.
        (allocatedBytes / (double)messages).Should().BeLessThan(2);
    }

    protected override ActorSystem CreateSystem() =>
        ActorSystem.Create("test", ConfigurationFactory.ParseString("pinned { type = PinnedDispatcher }"));
}
