using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Placement.Tests.Traces;

public sealed class ActivationStatisticsTests
{
    [Fact]
    public void Of_a_trace_counted_by_hand()
    {
        // The frequencies are 3, 2, 1, 0, 1. The runs are {0 1}, {0}, {0 1 2} and {4}.
        ActivationMatrix layer = ActivationMatrix.FromLists(5, [[0, 1], [0], [1, 0, 2, 4], []]);
        ActivationStatistics statistics = ActivationStatistics.Of(layer);
        (statistics.TokenCount, statistics.NeuronCount).Should().Be((4, 5));
        statistics.ActiveShare.Should().Be(7 / 20.0);
        statistics.HotShare.Should().Be(3 / 5.0, "3 + 2 are less than 80% of 7, and 3 + 2 + 1 are more");
        statistics.MeanRunLength.Should().Be(7 / 4.0);
        ActivationStatistics.RunLength(layer, [3, 2, 4, 0, 1]).Should().Be(7 / 3.0);
        ActivationStatistics.HotNeurons([3, 2, 1, 0, 1], 1).Should().Be(4);
    }

    [Theory]
    [InlineData(1, 64, 40)]
    [InlineData(2, 65, 30)]
    [InlineData(3, 200, 25)]
    [InlineData(4, 1, 10)]
    public void Of_random_traces_are_the_naive_counts_under_any_order(int seed, int neurons, int tokens)
    {
        Random random = new(seed);
        ActivationMatrix layer = ActivationMatrix.FromLists(neurons, [.. Enumerable.Range(0, tokens).Select(_ => Fired())]);
        int[] order = [.. Enumerable.Range(0, neurons)];
        random.Shuffle(order);
        ActivationStatistics statistics = ActivationStatistics.Of(layer, order);
        statistics.MeanRunLength.Should().Be(NaiveRunLength(layer, order));
        ActivationStatistics.Of(layer).MeanRunLength.Should().Be(NaiveRunLength(layer, [.. Enumerable.Range(0, neurons)]));
        (double found, double independent) = NaiveCoActivation(layer);
        statistics.CoActivation.Should().BeApproximately(found, 1e-12);
        statistics.IndependentCoActivation.Should().BeApproximately(independent, 1e-12);

        int[] Fired() => [.. Enumerable.Range(0, neurons).Where(n => random.NextDouble() < 0.9 / (1 + (n % 7)))];
    }

    [Fact]
    public void Neurons_that_always_fire_together_co_activate_with_certainty_within_their_group()
    {
        ActivationMatrix together = ActivationMatrix.FromLists(4, [[0, 1], [], [0, 1], []]);
        ActivationStatistics statistics = ActivationStatistics.Of(together);
        statistics.CoActivation.Should().Be(1);
        statistics.IndependentCoActivation.Should().Be(0.5);
    }

    [Fact]
    public void Where_nothing_fires_all_are_zero()
    {
        ActivationStatistics.Of(ActivationMatrix.FromLists(3, [[], []])).Should().Be(new ActivationStatistics(2, 3, 0, 0, 0, 0, 0));
        ActivationStatistics.Of(ActivationMatrix.FromLists(3, [])).Should().Be(new ActivationStatistics(0, 3, 0, 0, 0, 0, 0));
        Action act = () => ActivationStatistics.RunLength(ActivationMatrix.FromLists(3, []), [0]);
        act.Should().Throw<ArgumentException>();
    }

    private static double NaiveRunLength(ActivationMatrix layer, int[] order)
    {
        int firings = 0, runs = 0;
        for (int token = 0; token < layer.TokenCount; token++)
        {
            for (int slot = 0; slot < order.Length; slot++)
            {
                bool isActive = layer.IsActive(token, new NeuronId(order[slot]));
                bool before = slot > 0 && layer.IsActive(token, new NeuronId(order[slot - 1]));
                firings += isActive ? 1 : 0;
                runs += isActive && !before ? 1 : 0;
            }
        }
        return runs == 0 ? 0 : (double)firings / runs;
    }

    private static (double Found, double Independent) NaiveCoActivation(ActivationMatrix layer)
    {
        double found = 0, independent = 0, weights = 0;
        int[] f = layer.Frequencies();
        for (int i = 0; i < f.Length; i++)
        {
            for (int j = 0; j < f.Length; j++)
            {
                if (i == j || f[i] == 0)
                    continue;
                NeuronId first = new(i), second = new(j);
                int both = Enumerable.Range(0, layer.TokenCount)
                    .Count(token => layer.IsActive(token, first) && layer.IsActive(token, second));
                double weight = (double)f[i] * f[j];
                found += weight * both / f[i];
                independent += weight * f[j] / layer.TokenCount;
                weights += weight;
            }
        }
        return weights == 0 ? (0, 0) : (found / weights, independent / weights);
    }
}
