using FsCheck;
using FsCheck.Fluent;
using Neuralink.Placement.Ordering;

namespace Neuralink.Placement.Tests.Ordering;

public sealed class LinksTests
{
    private const int Neurons = 12;

    [Fact]
    public void Whatever_is_joined_there_are_paths_of_neighbours_and_no_rings() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(byte A, byte B)[]>(), pairs =>
        {
            Links links = new(Neurons);
            List<(int Low, int High)> joined = [];
            foreach ((byte a, byte b) in pairs)
            {
                if (links.TryJoin(a % Neurons, b % Neurons))
                    joined.Add(Ordered(a % Neurons, b % Neurons));
            }
            int[][] paths = [.. links.Paths()];
            paths.SelectMany(path => path).Should().BeEquivalentTo(Enumerable.Range(0, Neurons));
            paths.SelectMany(path => path.Zip(path.Skip(1), Ordered)).Should().BeEquivalentTo(joined);
            paths.Select(path => path[0]).Should().BeInAscendingOrder();
            for (int neuron = 0; neuron < Neurons; neuron++)
                links.IsEnd(neuron).Should().Be(joined.Count(pair => pair.Low == neuron || pair.High == neuron) < 2);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_third_neighbour_and_a_ring_are_refused()
    {
        Links links = new(5);
        links.TryJoin(0, 1).Should().BeTrue();
        links.TryJoin(1, 2).Should().BeTrue();
        links.TryJoin(1, 3).Should().BeFalse("1 has two neighbours");
        links.TryJoin(2, 0).Should().BeFalse("that would be a ring");
        links.TryJoin(4, 4).Should().BeFalse("a neuron is no neighbour of itself");
        links.Paths().Should().BeEquivalentTo((int[][])[[0, 1, 2], [3], [4]], options => options.WithStrictOrdering());
    }

    private static (int Low, int High) Ordered(int a, int b) => (Math.Min(a, b), Math.Max(a, b));
}
