using FsCheck;
using FsCheck.Fluent;
using Neuralink.Placement.Coactivation;

namespace Neuralink.Placement.Tests.Coactivation;

public sealed class StrongestPairsTests
{
    [Fact]
    public void Keys_ascend_by_descending_count_then_by_the_lower_neuron_then_by_the_higher()
    {
        ulong[] keys = [PairKey.Of(9, 5, 4), PairKey.Of(7, 1, 2), PairKey.Of(7, 3, 1), PairKey.Of(7, 2, 3), PairKey.Of(1, 0, 1)];
        keys.Should().BeInAscendingOrder();
        keys.Select(Parts).Should().Equal((9, 4, 5), (7, 1, 2), (7, 1, 3), (7, 2, 3), (1, 0, 1));
        ulong largest = PairKey.Of(PairKey.CountMax, PairKey.NeuronCountMax - 2, PairKey.NeuronCountMax - 1);
        Parts(largest).Should().Be((PairKey.CountMax, PairKey.NeuronCountMax - 2, PairKey.NeuronCountMax - 1));

        static (int, int, int) Parts(ulong key) => (PairKey.Count(key), PairKey.Low(key), PairKey.High(key));
    }

    [Fact]
    public void All_pairs_come_out_in_order_whatever_the_room_and_the_order_in_which_they_are_offered() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(byte Count, byte First, byte Second)[]>(), ArbMap.Default.ArbFor<byte>(), (offered, room) =>
        {
            ulong[] keys = [.. offered.Select(o => PairKey.Of((o.Count % 4) + 1, o.First, o.Second + 256)).Distinct()];
            StrongestPairs pairs = new(2 + (room % 30), TimeProvider.System);
            List<ulong> all = [];
            for (ulong after = 0; after != ulong.MaxValue; after = pairs.Last)
            {
                pairs.Begin(after);
                foreach (ulong key in keys.Where(key => PairKey.Count(key) >= pairs.LeastCount))
                    pairs.Offer(key);
                ulong[] found = pairs.GroupByCount().ToArray();
                found.Select(PairKey.Count).Should().BeInDescendingOrder();
                all.AddRange(found.Order());
            }
            all.Should().Equal(keys.Order());
        }).QuickCheckThrowOnFailure();
}
