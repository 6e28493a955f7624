using System.Collections.Concurrent;

namespace Neuralink.Kernels.Tests;

public class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_index_is_covered_once_in_whole_grains(int threads)
    {
        using var pool = new WorkerPool(threads);
        foreach (int count in new[] { 0, 1, 2, 3, 7, 16, 100, 1001 })
        {
            foreach (int grain in new[] { 1, 2, 4, 16, 64 })
            {
                var body = new CountingBody(count);
                pool.Run(body, count, grain);
                body.Hits.Should().NotContain(hits => hits != 1);
                body.Ranges.Should().NotContain(range => range.Begin % grain != 0 || (range.End % grain != 0 && range.End != count));
                body.Ranges.Should().NotContain(range => range.Worker < 0 || range.Worker >= threads);
            }
        }
    }

    [Fact]
    public void The_caller_is_worker_0_and_the_others_have_names()
    {
        using var pool = new WorkerPool(3);
        using var all = new Barrier(3);
        var names = new ConcurrentDictionary<int, (string? Name, int Id)>();
        pool.Run(
            new Body((_, _, worker) =>
            {
                names[worker] = (Thread.CurrentThread.Name, Environment.CurrentManagedThreadId);
                all.SignalAndWait();      // each worker has a piece
            }),
            3, 1);
        names[0].Id.Should().Be(Environment.CurrentManagedThreadId);
        names[1].Name.Should().Be("neuralink-worker-1");
        names[2].Name.Should().Be("neuralink-worker-2");
    }

    [Fact]
    public void A_worker_is_awake_while_it_works_and_sleeps_in_the_end()
    {
        using var alone = new WorkerPool(1);
        alone.IsAwake.Should().BeFalse("the caller is not counted");
        using var pool = new WorkerPool(2);
        using var both = new Barrier(2);
        bool wasAwake = false;
        pool.Run(
            new Body((_, _, worker) =>
            {
                both.SignalAndWait();
                if (worker == 0)
                    wasAwake = pool.IsAwake;
                both.SignalAndWait();      // the other's piece is not done yet
            }),
            2, 1);
        wasAwake.Should().BeTrue();
        SpinWait.SpinUntil(() => !pool.IsAwake, TimeSpan.FromMinutes(1)).Should().BeTrue();
    }

    [Fact]
    public void The_pieces_are_the_same_every_time()
    {
        using var pool = new WorkerPool(3);
        var first = new CountingBody(100);
        var second = new CountingBody(100);
        pool.Run(first, 100, 8);
        pool.Run(second, 100, 8);
        second.Pieces.Should().Equal(first.Pieces);
    }

    [Fact]
    public void A_worker_that_is_held_up_takes_nothing_from_the_others_and_holds_up_one_piece_only()
    {
        using var pool = new WorkerPool(2);
        using var heldUp = new ManualResetEventSlim();
        int holder = -1, done = 0;
        pool.Run(
            new Body((_, _, worker) =>
            {
                if (Interlocked.CompareExchange(ref holder, worker, -1) == -1)
                {
                    heldUp.Wait();      // until the other one has done all the rest
                    return;
                }
                worker.Should().NotBe(holder);
                if (Interlocked.Increment(ref done) == 3)
                    heldUp.Set();
            }),
            4, 1);
        done.Should().Be(3);
    }

    [Fact]
    public void Many_runs_in_a_row_lose_nothing_whether_workers_spin_or_park()
    {
        using var pool = new WorkerPool(3);
        var body = new CountingBody(30);
        for (int run = 0; run < 20_000; run++)
        {
            pool.Run(body, 30, 1);
            if (run % 2_000 == 0)
            {
                // Long enough for the workers to have parked.
                Thread.Sleep(2);
            }
        }

        body.Hits.Should().OnlyContain(hits => hits == 20_000);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void An_exception_of_any_worker_reaches_the_caller_after_the_others_are_done(int thrower)
    {
        using var pool = new WorkerPool(3);
        int done = 0;
        using var all = new Barrier(3);
        var body = new Body((_, _, worker) =>
        {
            all.SignalAndWait();      // each worker has a piece
            if (worker == thrower)
                throw new InvalidDataException("worker's");

            Interlocked.Increment(ref done);
        });

        pool.Invoking(p => p.Run(body, 3, 1)).Should().Throw<InvalidDataException>().WithMessage("worker's");
        done.Should().Be(2);

        var after = new CountingBody(10);
        pool.Run(after, 10, 1);
        after.Hits.Should().OnlyContain(hits => hits == 1);
    }

    [Fact]
    public void With_one_thread_the_body_runs_on_the_caller_and_its_exception_is_its_own()
    {
        using var pool = new WorkerPool(1);
        int id = 0;
        pool.Run(new Body((_, _, _) => id = Environment.CurrentManagedThreadId), 100, 1);
        id.Should().Be(Environment.CurrentManagedThreadId);
        pool.Invoking(p => p.Run(new Body((_, _, _) => throw new InvalidDataException()), 1, 1)).Should().Throw<InvalidDataException>();
        pool.Run(new CountingBody(1), 1, 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_run_within_a_run_is_refused(int threads)
    {
        using var pool = new WorkerPool(threads);
        var body = new Body((_, _, _) => pool.Run(new CountingBody(4), 4, 1));
        pool.Invoking(p => p.Run(body, 4, 1)).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void A_run_from_a_second_thread_is_refused_while_the_first_is_in_progress()
    {
        using var pool = new WorkerPool(2);
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        var holding = new Thread(() => pool.Run(
            new Body((_, _, _) =>
            {
                entered.Set();
                leave.Wait();
            }),
            2,
            1));
        holding.Start();
        entered.Wait();

        pool.Invoking(p => p.Run(new CountingBody(2), 2, 1)).Should().Throw<InvalidOperationException>();
        pool.Invoking(p => p.Dispose()).Should().Throw<InvalidOperationException>();

        leave.Set();
        holding.Join();
    }

    [Fact]
    public void A_disposed_pool_has_no_threads_and_runs_nothing()
    {
        Thread? worker = null;
        using var both = new Barrier(2);
        var pool = new WorkerPool(2);
        pool.Run(
            new Body((_, _, index) =>
            {
                if (index == 1)
                    worker = Thread.CurrentThread;
                both.SignalAndWait();
            }),
            2,
            1);
        pool.Dispose();
        pool.Dispose();
        worker!.IsAlive.Should().BeFalse();
        pool.Invoking(p => p.Run(new CountingBody(2), 2, 1)).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void A_run_allocates_nothing_on_any_thread()
    {
        using var pool = new WorkerPool(2);
        var body = new AllocationBody();
        for (int run = 0; run < 10; run++)
        {
            // Some of the runs find the workers parked, some spinning.
            Thread.Sleep(run % 3);
            pool.Run(body, 2, 1);
        }

        long[] warm = [.. body.AllocatedBytes];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int run = 0; run < 100; run++)
            pool.Run(body, 2, 1);

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
        warm[1].Should().BeGreaterThanOrEqualTo(0, "worker 1 ran");
        body.AllocatedBytes[1].Should().Be(warm[1]);
    }

    [Fact]
    public void Results_do_not_depend_on_the_number_of_threads()
    {
        float[][] results = new[] { 1, 2, 3, 4 }.Select(threads =>
        {
            using var pool = new WorkerPool(threads);
            float[] y = new float[3 * 101];
            byte[] rows = Samples.Weights(WeightFormat.F16, 1, 101 * 77);
            float[] x = Samples.Floats(2, 3 * 77);
            WeightKernels kernels = WeightKernels.For(WeightFormat.F16);
            var whole = MatMulShape.Whole(101, 77, 3);
            pool.Run(
                new Body((begin, end, _) =>
                    kernels.MatMul(rows.AsSpan(begin * 154, (end - begin) * 154), x, [], y, whole.Rows(begin, end))),
                101,
                1);
            return y;
        }).ToArray();
        results.Should().AllSatisfy(y => y.Should().Equal(results[0]));
    }

    private sealed class Body(Action<int, int, int> execute) : IParallelBody
    {
        public void Execute(int begin, int end, int worker) => execute(begin, end, worker);
    }

    private sealed class CountingBody(int count) : IParallelBody
    {
        public int[] Hits { get; } = new int[count];

        public ConcurrentBag<(int Begin, int End, int Worker)> Ranges { get; } = [];

        public IEnumerable<(int Begin, int End)> Pieces => Ranges.Select(range => (range.Begin, range.End)).Order();

        public void Execute(int begin, int end, int worker)
        {
            Ranges.Add((begin, end, worker));
            for (int i = begin; i < end; i++)
                Interlocked.Increment(ref Hits[i]);
        }
    }

    private sealed class AllocationBody : IParallelBody
    {
        private int _entered;

        public long[] AllocatedBytes { get; } = [-1, -1];

        public void Execute(int begin, int end, int worker)
        {
            int both = (Interlocked.Increment(ref _entered) + 1) & ~1;
            SpinWait wait = default;
            while (Volatile.Read(ref _entered) < both)
                wait.SpinOnce();      // each of the two has a piece
            AllocatedBytes[worker] = GC.GetAllocatedBytesForCurrentThread();
        }
    }
}
