using Neuralink.Placement.Ordering;

namespace Neuralink.Placement.Tests.Ordering;

public sealed class MemoryGateTests
{
    private const long TraceBytes = 10, WorkBytes = 30;

    [Theory]
    [InlineData(5, 1)]
    [InlineData(30, 1)]
    [InlineData(75, 2)]
    [InlineData(1000, 6)]
    public void As_many_work_at_the_same_time_as_fit_and_one_whatever_fits(long bytesMax, int workingMax)
    {
        MemoryGate gate = new(bytesMax);
        long bytes = 0, bytesSeen = 0;
        int working = 0, workingSeen = 0;
        Parallel.For(0, 60, new ParallelOptions { MaxDegreeOfParallelism = 6 }, _ =>
        {
            long reserved = gate.EnterToLoad();
            Add(TraceBytes, 0);
            gate.EnterToWork(reserved, WorkBytes);
            Add(WorkBytes - TraceBytes, 1);
            Thread.Sleep(1);
            Add(-WorkBytes, -1);
            gate.Leave(WorkBytes, worked: true);
        });
        workingSeen.Should().BeInRange(1, workingMax);
        bytesSeen.Should().BeLessThanOrEqualTo(Math.Max(bytesMax, WorkBytes));

        void Add(long change, int workers)
        {
            lock (gate)
            {
                bytes += change;
                working += workers;
                bytesSeen = Math.Max(bytesSeen, bytes);
                workingSeen = Math.Max(workingSeen, working);
            }
        }
    }

    [Fact]
    public void One_that_fails_while_loading_lets_the_next_in()
    {
        MemoryGate gate = new(WorkBytes);
        gate.Leave(gate.EnterToLoad(), worked: false);
        long reserved = gate.EnterToLoad();
        reserved.Should().Be(0, "no layer has told its size yet");
        gate.EnterToWork(reserved, WorkBytes);
        gate.Leave(WorkBytes, worked: true);
        gate.EnterToLoad().Should().Be(WorkBytes);
    }
}
