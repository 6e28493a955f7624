using System.Buffers;
using Neuralink.Placement.Ordering;
using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Placement.Tests.Ordering;

public sealed class GreedyLinkingTests
{
    public static TheoryData<int, int, int, double> Traces => new()
    {
        { 1, 5, 1, 0.5 },
        { 2, 5, 1, 0.5 },
        { 40, 3, 2, 0.1 },
        { 60, 200, 3, 0.3 },
        { 150, 30, 4, 0.02 },
        { 200, 60, 5, 0.9 },
        { 530, 40, 6, 0.05 },
    };

    [Theory]
    [MemberData(nameof(Traces))]
    public void Pairs_become_neighbours_as_if_all_were_sorted_however_few_are_held_at_a_time(
        int neurons, int tokens, int seed, double share)
    {
        ActivationMatrix active = RandomTrace.Create(neurons, tokens, seed, share);
        int[] order = Order(active, 2 + (neurons * neurons));
        List<(int Low, int High)> joined = NaiveGreedy.Joined(active);
        int[,] counts = RandomTrace.PairCounts(active);
        NeighboursOf(order).Where(pair => counts[pair.Low, pair.High] > 0).Should().BeEquivalentTo(joined);
        foreach (int pairsMax in (int[])[2, 7, 100, 3000])
            Order(active, pairsMax).Should().Equal(order);
    }

    [Fact]
    public void Links_without_anything_in_common_follow_by_mean_frequency_and_never_fired_neurons_come_last()
    {
        // {1, 6} fires three times, {4, 2} twice, 4 once more, and 5 once. 0, 3 and 7 never fire.
        ActivationMatrix active = ActivationMatrix.FromLists(8, [[4, 2], [1, 6], [1, 6], [4, 2], [5], [4], [1, 6]]);
        Order(active, 100).Should().Equal(1, 6, 4, 2, 5, 0, 3, 7);
    }

    [Fact]
    public void Without_tokens_the_models_order_stays() => Order(new ActivationMatrix(5, []), 10).Should().Equal(0, 1, 2, 3, 4);

    [Fact]
    public void On_small_instances_the_path_weighs_at_least_half_of_the_best_one()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            int neurons = 2 + (seed % 7);
            ActivationMatrix active = RandomTrace.Create(neurons, 4 + seed, seed, 0.4);
            int[,] counts = RandomTrace.PairCounts(active);
            int greedy = Weight(Order(active, 4), counts), best = Permutations(neurons).Max(path => Weight(path, counts));
            greedy.Should().BeInRange((best + 1) / 2, best);
        }
    }

    [Fact]
    public void Where_neurons_fire_along_a_line_the_path_is_the_best_one()
    {
        // In the order 3 6 0 5 1 4 2, each neuron fires only with the next one, and each pair more often than the pair before.
        int[] line = [3, 6, 0, 5, 1, 4, 2];
        int[][] tokens = [.. Enumerable.Range(0, 6).SelectMany(i => Enumerable.Repeat((int[])[line[i], line[i + 1]], i + 1))];
        ActivationMatrix active = ActivationMatrix.FromLists(7, tokens);
        int[,] counts = RandomTrace.PairCounts(active);
        int[] order = Order(active, 2);
        Weight(order, counts).Should().Be(Permutations(7).Max(path => Weight(path, counts)));
        order.Should().BeEquivalentTo(order[0] == 3 ? line : line.Reverse(), options => options.WithStrictOrdering());
    }

    [Fact]
    public void A_cancelled_search_ends()
    {
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        ActivationMatrix active = RandomTrace.Create(50, 50, seed: 1);
        Action act = () => GreedyLinking.Order(active, 100, ArrayPool<int>.Shared, TimeProvider.System, cancelled.Token);
        act.Should().Throw<OperationCanceledException>();
    }

    private static int[] Order(ActivationMatrix active, int pairsMax) =>
        GreedyLinking.Order(active, pairsMax, ArrayPool<int>.Shared, TimeProvider.System).NeuronOfSlot;

    private static IEnumerable<(int Low, int High)> NeighboursOf(int[] order) =>
        order.Zip(order.Skip(1), (a, b) => (Math.Min(a, b), Math.Max(a, b)));

    private static int Weight(int[] path, int[,] counts) => NeighboursOf(path).Sum(pair => counts[pair.Low, pair.High]);

    private static IEnumerable<int[]> Permutations(int count)
    {
        if (count == 0)
            return [[]];
        return from shorter in Permutations(count - 1)
               from at in Enumerable.Range(0, count)
               select (int[])[.. shorter[..at], count - 1, .. shorter[at..]];
    }
}
