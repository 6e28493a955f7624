using Akka.Dispatch;
using Akka.Event;
using Neuralink.Actors.Hosting;

namespace Neuralink.Actors.Tests.Hosting;

public sealed class ExecutorTests : IDisposable
{
    private readonly OneThreadExecutor _oneThread = new("one", new EventStream(debug: false));
    private readonly CallerExecutor _caller = new("caller", new EventStream(debug: false));

    private static int Here => Environment.CurrentManagedThreadId;

    public void Dispose()
    {
        _oneThread.Shutdown();
        _caller.Shutdown();
    }

    [Fact]
    public void One_thread_runs_all_in_the_order_of_asking_even_after_a_failure()
    {
        List<(int Number, int Thread)> ran = [];
        using ManualResetEventSlim done = new();
        for (int i = 0; i < 100; i++)
        {
            int number = i;
            _oneThread.Execute(new ActionRunnable(() => ran.Add((number, Here))));
            _oneThread.Execute(new ActionRunnable(() => throw new InvalidOperationException("of a test")));
        }
        _oneThread.Execute(new ActionRunnable(done.Set));
        done.Wait();
        ran.Select(r => r.Number).Should().Equal(Enumerable.Range(0, 100));
        ran.Select(r => r.Thread).Distinct().Should().ContainSingle().Which.Should().NotBe(Here);
    }

    [Fact]
    public void One_thread_wakes_for_each_that_asks_while_it_sleeps()
    {
        for (int i = 0; i < 1000; i++)
        {
            using ManualResetEventSlim ran = new();
            _oneThread.Execute(new ActionRunnable(ran.Set));
            ran.Wait();
        }
    }

    [Fact]
    public void The_caller_runs_it_and_what_comes_up_meanwhile_behind_it()
    {
        List<(string What, int Thread)> ran = [];
        _caller.Execute(new ActionRunnable(() =>
        {
            _caller.Execute(new ActionRunnable(() => ran.Add(("more", Here))));
            ran.Add(("first", Here));
        }));
        ran.Should().Equal(("first", Here), ("more", Here));
    }

    [Fact]
    public void A_thread_that_actors_share_leaves_what_comes_up_meanwhile_to_another()
    {
        int shared = 0, first = 0, more = 0;
        using CountdownEvent done = new(2);
        _oneThread.Execute(new ActionRunnable(() =>
        {
            shared = Here;
            _caller.Execute(new ActionRunnable(() =>
            {
                first = Here;
                _caller.Execute(new ActionRunnable(() =>
                {
                    more = Here;
                    done.Signal();
                }));
            }));
            done.Signal();
        }));
        done.Wait();
        first.Should().Be(shared);
        more.Should().NotBe(shared).And.NotBe(0);
    }

    [Fact]
    public void A_failure_does_not_reach_the_caller_who_can_go_on()
    {
        _caller.Execute(new ActionRunnable(() => throw new InvalidOperationException("of a test")));
        int ran = 0;
        _caller.Execute(new ActionRunnable(() => ran = Here));
        ran.Should().Be(Here);
    }
}
