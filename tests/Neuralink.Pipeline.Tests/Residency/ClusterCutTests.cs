using Neuralink.Pipeline.Residency;
using Neuralink.Placement;

namespace Neuralink.Pipeline.Tests.Residency;

public sealed class ClusterCutTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(31, 0)]
    [InlineData(32, 1)]
    [InlineData(63, 2)]
    [InlineData(64, 3)]
    [InlineData(5000, 3)]
    public void There_are_as_many_clusters_as_are_worth_their_messages(int slots, int cuts) =>
        Find([.. Enumerable.Range(0, slots).Select(i => new Slot(2 * i))]).Should().HaveCount(cuts);

    [Fact]
    public void Cuts_are_at_the_widest_gaps_near_equal_parts()
    {
        int[] values = [.. Enumerable.Range(0, 100)];
        Shift(values, from: 24, by: 7);
        Shift(values, from: 26, by: 3);
        Shift(values, from: 40, by: 90);       // wide, but too far from a half
        Shift(values, from: 55, by: 5);
        Find([.. values.Select(v => new Slot(v))]).Should().Equal(24, 55, 75);
    }

    private static void Shift(int[] values, int from, int by)
    {
        for (int i = from; i < values.Length; i++)
            values[i] += by;
    }

    private static int[] Find(Slot[] slots)
    {
        int[] begins = new int[ClusterCut.ClustersMax - 1];
        return begins[..ClusterCut.Find(slots, begins)];
    }
}
