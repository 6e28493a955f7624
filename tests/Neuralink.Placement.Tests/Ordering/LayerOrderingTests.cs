using FsCheck;
using FsCheck.Fluent;
using Neuralink.Placement.Ordering;
using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Placement.Tests.Ordering;

public sealed class LayerOrderingTests
{
    [Fact]
    public void Every_method_returns_a_permutation_for_any_trace() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[][]>(), ArbMap.Default.ArbFor<byte>(), (lists, width) =>
        {
            int neurons = width + 1;
            ActivationMatrix active = ActivationMatrix.FromLists(
                neurons, [.. lists.Select(list => list.Select(n => n % neurons).ToArray())]);
            foreach (PlacementMethod method in Enum.GetValues<PlacementMethod>())
            {
                // An exchange keeps a permutation what it is: a few of them show it.
                int[] order = LayerOrdering.NeuronOfSlot(active, Options(method) with { StepsPerNeuron = 20 });
                order.Order().SequenceEqual(Enumerable.Range(0, neurons)).Should().BeTrue("{0} orders {1}", method, neurons);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void By_frequency_the_most_frequent_come_first_and_equals_keep_the_models_order()
    {
        ActivationMatrix active = ActivationMatrix.FromLists(
                5, [[1, 3], [3, 4], [4]]);
        LayerOrdering.NeuronOfSlot(active, Options(PlacementMethod.Frequency)).Should().Equal(3, 4, 1, 0, 2);
    }

    [Fact]
    public void A_seed_decides_the_random_order()
    {
        ActivationMatrix active = new(50, []);
        int[] one = LayerOrdering.NeuronOfSlot(active, Options(PlacementMethod.Random));
        LayerOrdering.NeuronOfSlot(active, Options(PlacementMethod.Random)).Should().Equal(one);
        LayerOrdering.NeuronOfSlot(active, Options(PlacementMethod.Random) with { Seed = 2 }).Should().NotEqual(one);
    }

    private static OrderingOptions Options(PlacementMethod method) => new() { Method = method, StrideBytes = 1024 };
}
