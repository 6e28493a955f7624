using Neuralink.Studies.Faults;

namespace Neuralink.Studies.Tests.Faults;

/// <summary>
/// The state machines under a virtual clock, with random strategies, caches, depths and delays, and with every fault at every moment: short
/// reads, errors, flipped bytes, cancellations, restarts, late completions.
/// </summary>
public sealed class FaultSimulationTests
{
    private const int SeedsPerCase = 25_000;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_scenario_computes_what_is_wanted_and_leaves_nothing_behind(int part)
    {
        for (int seed = part * SeedsPerCase; seed < (part + 1) * SeedsPerCase; seed++)
            FaultSimulation.Run(seed);
    }

    [Fact]
    public void A_scenario_is_the_same_each_time()
    {
        Scenario first = new(7), second = new(7);
        (first.Keys, first.Limits, first.Policy).Should().Be((second.Keys, second.Limits, second.Policy));
        first.Random.Next().Should().Be(second.Random.Next());
    }
}
