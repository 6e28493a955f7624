using System.Buffers;
using Neuralink.Placement.Coactivation;
using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Placement.Tests.Coactivation;

public sealed class StrongestNeighboursTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 8)]
    [InlineData(64, 1)]
    [InlineData(130, 6)]
    [InlineData(700, 28)]
    public void They_are_the_largest_of_naive_counts(int neurons, int width)
    {
        ActivationMatrix active = RandomTrace.Create(neurons, tokens: 70, seed: neurons, share: 0.1);
        int[,] counts = RandomTrace.PairCounts(active);
        using ActivationLists lists = new(active, ArrayPool<int>.Shared);
        StrongestNeighbours neighbours = new(lists, width);
        for (int rank = 0; rank < lists.RankCount; rank++)
        {
            IEnumerable<int> row = Enumerable.Range(0, neurons).Select(j => counts[lists.Neuron(rank), j]);
            IEnumerable<int> largest = row.OrderDescending().Concat(Enumerable.Repeat(0, width)).Take(width);
            neighbours.Of(rank).ToArray().Should().Equal(largest, "of rank {0}", rank);
        }
    }
}
