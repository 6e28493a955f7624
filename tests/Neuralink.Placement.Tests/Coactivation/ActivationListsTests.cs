using System.Buffers;
using Neuralink.Placement.Coactivation;
using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Placement.Tests.Coactivation;

public sealed class ActivationListsTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(64, 64)]
    [InlineData(65, 63)]
    [InlineData(511, 129)]
    [InlineData(600, 30)]
    public void Each_neuron_has_its_tokens_most_frequent_first_at_ragged_sizes(int neurons, int tokens)
    {
        ActivationMatrix active = RandomTrace.Create(neurons, tokens, seed: neurons, share: 0.3);
        using ActivationLists lists = new(active, ArrayPool<int>.Shared);
        int[] frequencies = active.Frequencies();
        lists.Frequencies.ToArray().Should().Equal(frequencies);
        Enumerable.Range(0, lists.RankCount).Select(lists.Neuron)
            .Should().Equal(Enumerable.Range(0, neurons).Where(n => frequencies[n] > 0).OrderByDescending(n => frequencies[n]));
        for (int rank = 0; rank < lists.RankCount; rank++)
        {
            NeuronId neuron = new(lists.Neuron(rank));
            IEnumerable<int> isActive = Enumerable.Range(0, tokens).Where(token => active.IsActive(token, neuron));
            int[] expected = [.. isActive.Select(token => token * ActivationTile.LineWords)];
            lists.Frequency(rank).Should().Be(expected.Length);
            lists.Offsets(rank).ToArray().Should().Equal(expected);
            int[] padded = lists.PaddedOffsets(rank).ToArray();
            (padded.Length % ActivationLists.BlockLines).Should().Be(0);
            padded[..expected.Length].Should().Equal(expected);
            padded.AsSpan(expected.Length).Length.Should().BeLessThan(ActivationLists.BlockLines);
            padded.AsSpan(expected.Length).IndexOfAnyExcept(tokens * ActivationTile.LineWords).Should().Be(-1);
        }
    }

    [Fact]
    public void Without_tokens_there_are_no_ranks()
    {
        using ActivationLists lists = new(new ActivationMatrix(70, []), ArrayPool<int>.Shared);
        lists.RankCount.Should().Be(0);
    }
}
