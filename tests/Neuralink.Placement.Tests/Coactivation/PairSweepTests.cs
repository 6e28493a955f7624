using System.Buffers;
using Neuralink.Placement.Coactivation;
using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Placement.Tests.Coactivation;

public sealed class PairSweepTests
{
    [Theory]
    [InlineData(2, 30)]
    [InlineData(63, 100)]
    [InlineData(512, 40)]
    [InlineData(513, 90)]
    [InlineData(1100, 70)]
    public void Every_pair_that_fires_together_is_offered_once_with_its_count(int neurons, int tokens)
    {
        ActivationMatrix active = RandomTrace.Create(neurons, tokens, seed: neurons);
        Offered(active, neurons * neurons, _ => true).Should().Equal(Naive(active, _ => true));
    }

    [Fact]
    public void Only_pairs_of_the_given_neurons_are_offered()
    {
        ActivationMatrix active = RandomTrace.Create(700, 50, seed: 3);
        Offered(active, 700 * 700, n => n % 3 != 0).Should().Equal(Naive(active, n => n % 3 != 0));
    }

    [Fact]
    public void With_little_room_the_strongest_are_found_in_as_many_goes_as_it_takes()
    {
        ActivationMatrix active = RandomTrace.Create(600, 80, seed: 5);
        using ActivationLists lists = new(active, ArrayPool<int>.Shared);
        PairSweep sweep = new(lists);
        StrongestPairs pairs = new(2000, TimeProvider.System);
        List<ulong> all = [];
        int goes = 0;
        for (ulong after = 0; after != ulong.MaxValue; after = pairs.Last, goes++)
        {
            pairs.Begin(after);
            sweep.Offer([.. Enumerable.Range(0, lists.RankCount)], pairs, CancellationToken.None);
            ulong[] found = [.. pairs.GroupByCount().ToArray().Order()];
            found.Should().OnlyContain(key => key > after && key <= pairs.Last);
            all.AddRange(found);
        }
        all.Should().Equal(Naive(active, _ => true));
        goes.Should().BeGreaterThan(10);
    }

    private static ulong[] Offered(ActivationMatrix active, int capacity, Func<int, bool> chosen)
    {
        using ActivationLists lists = new(active, ArrayPool<int>.Shared);
        StrongestPairs pairs = new(capacity, TimeProvider.System);
        pairs.Begin(0);
        int[] ranks = [.. Enumerable.Range(0, lists.RankCount).Where(rank => chosen(lists.Neuron(rank)))];
        new PairSweep(lists).Offer(ranks, pairs, CancellationToken.None);
        pairs.Last.Should().Be(ulong.MaxValue, "there is room for all");
        return [.. pairs.GroupByCount().ToArray().Order()];
    }

    private static ulong[] Naive(ActivationMatrix active, Func<int, bool> chosen)
    {
        int[,] counts = RandomTrace.PairCounts(active);
        List<ulong> keys = [];
        for (int i = 0; i < active.NeuronCount; i++)
        {
            for (int j = i + 1; j < active.NeuronCount; j++)
            {
                if (counts[i, j] > 0 && chosen(i) && chosen(j))
                    keys.Add(PairKey.Of(counts[i, j], i, j));
            }
        }
        return [.. keys.Order()];
    }
}
