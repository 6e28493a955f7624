using Neuralink.Studies.Planning;

namespace Neuralink.Studies.Tests.Planning;

/// <summary>The time of a token lies between what no schedule can beat and everything one after the other, and no part of it makes another shorter.</summary>
public sealed class TokenTimeTests
{
    public static TheoryData<ExecutionStrategy> Strategies => [.. Enum.GetValues<ExecutionStrategy>()];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void No_time_beats_either_line_or_exceeds_both_together(ExecutionStrategy name)
    {
        StrategySwitches strategy = StrategySwitches.Of(name);
        Random random = new(1);
        for (int round = 0; round < 500; round++)
        {
            TokenCosts costs = Random(random, strategy);
            TokenTime time = TokenTime.Of(strategy, costs);
            time.DeviceMillis.Should().BeApproximately(costs.DemandedMillis + costs.AheadMillis, 1e-9);
            time.TotalMillis.Should().BeGreaterThanOrEqualTo(Math.Max(time.ComputeMillis, time.DeviceMillis) - 1e-9);
            time.TotalMillis.Should().BeLessThanOrEqualTo(time.ComputeMillis + time.DeviceMillis + costs.LatencyMillis + 1e-9);
            (time.ComputeMillis + time.WaitMillis).Should().BeApproximately(time.TotalMillis, 1e-9);
            time.HiddenMillis.Should().BeInRange(0, time.DeviceMillis);
            time.TokensPerSecond.Should().BeApproximately(1000 / time.TotalMillis, 1e-9);
        }
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void More_of_any_part_never_takes_less_time(ExecutionStrategy name)
    {
        StrategySwitches strategy = StrategySwitches.Of(name);
        Random random = new(2);
        for (int round = 0; round < 500; round++)
        {
            TokenCosts c = Random(random, strategy);
            double total = TokenTime.Of(strategy, c).TotalMillis - 1e-9, more = random.NextDouble();
            foreach (TokenCosts longer in (TokenCosts[])
                [
                    c with { ResidentMillis = c.ResidentMillis + more }, c with { PredictorMillis = c.PredictorMillis + more }, c with { LookaheadMillis = c.LookaheadMillis + more },
                    c with { ActivateMillis = c.ActivateMillis + more }, c with { DownMillis = c.DownMillis + more }, c with { MessageMillis = c.MessageMillis + more },
                    c with { SubmitMillis = c.SubmitMillis + more }, c with { DemandedMillis = c.DemandedMillis + more }, c with { LatencyMillis = c.LatencyMillis + more },
                ])
            {
                TokenTime.Of(strategy, longer).TotalMillis.Should().BeGreaterThanOrEqualTo(total);
            }
        }
    }

    [Fact]
    public void Serially_everything_comes_one_after_the_other()
    {
        TokenCosts costs = Costs(demanded: 10, ahead: 0, lookahead: 0);
        TokenTime time = TokenTime.Of(StrategySwitches.Of(ExecutionStrategy.Serial), costs);
        time.Should().Be(new TokenTime(TotalMillis: 1 + 2 + 4 + 3 + 0.5 + 10 + 0.25, ComputeMillis: 10.5, DeviceMillis: 10, WaitMillis: 10.25));
        time.HiddenMillis.Should().Be(0);
    }

    [Fact]
    public void Clusters_hide_reads_behind_activations_alone()
    {
        TokenTime time = TokenTime.Of(StrategySwitches.Of(ExecutionStrategy.Cluster), Costs(demanded: 10, ahead: 0, lookahead: 0));
        time.WaitMillis.Should().BeApproximately(10.25 - 4, 1e-9);
    }

    // The runs of docs/experiments/overlap.md: what they computed with lookahead, read on demand and ahead, and took.
    [Theory]
    [InlineData(36.4, 5.1, 38.9, 49.4)]
    [InlineData(29.0, 3.6, 28.6, 38.5)]
    public void The_measured_overlaps_come_out_within_a_twentieth(double compute, double demanded, double ahead, double measured)
    {
        TokenCosts costs = Costs(demanded, ahead, lookahead: 6.4) with
        {
            ResidentMillis = compute - 6.4 - 2 - 4 - 3 - 0.5 - 0.125,
            LatencyMillis = 0,
        };
        TokenTime.Of(StrategySwitches.Of(ExecutionStrategy.Prefetch), costs).TotalMillis.Should().BeInRange(measured * 0.95, measured * 1.05);
    }

    [Fact]
    public void Without_reads_a_token_is_computing()
    {
        TokenTime time = TokenTime.Of(StrategySwitches.Of(ExecutionStrategy.Prefetch), Costs(0, 0, lookahead: 1));
        time.TotalMillis.Should().Be(time.ComputeMillis).And.BeApproximately(11.625, 1e-9);
    }

    private static TokenCosts Costs(double demanded, double ahead, double lookahead) => new()
    {
        ResidentMillis = 1,
        PredictorMillis = 2,
        LookaheadMillis = lookahead,
        ActivateMillis = 4,
        DownMillis = 3,
        MessageMillis = 0.5,
        SubmitMillis = 0.125,
        DemandedMillis = demanded,
        AheadMillis = ahead,
        LatencyMillis = 0.25,
        HitShare = 0.4,
        FoundShare = 0.8,
    };

    private static TokenCosts Random(Random random, StrategySwitches strategy) => new()
    {
        ResidentMillis = random.NextDouble() * 10,
        PredictorMillis = random.NextDouble() * 5,
        LookaheadMillis = random.NextDouble() * 5,
        ActivateMillis = random.NextDouble() * 10,
        DownMillis = random.NextDouble() * 5,
        MessageMillis = random.NextDouble(),
        SubmitMillis = random.NextDouble(),
        DemandedMillis = random.Next(4) == 0 ? 0 : random.NextDouble() * 40,
        AheadMillis = strategy.ReadsAhead ? random.NextDouble() * 40 : 0,
        LatencyMillis = random.NextDouble(),
        HitShare = random.NextDouble(),
        FoundShare = random.NextDouble(),
    };
}
