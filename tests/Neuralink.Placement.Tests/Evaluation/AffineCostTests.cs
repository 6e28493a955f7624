using Neuralink.Placement.Cost;
using Neuralink.Placement.Evaluation;

namespace Neuralink.Placement.Tests.Evaluation;

public sealed class AffineCostTests
{
    [Fact]
    public void A_straight_curve_is_its_own_line()
    {
        AffineCost line = AffineCost.Below(ReadCost.Linear(20, 1000), 1536, 170).Should().ContainSingle().Subject;
        line.ReadMicros.Should().BeApproximately(20, 1e-9);
        line.SlotMicros.Should().BeApproximately(1.536, 1e-9);
    }

    [Theory]
    [InlineData(1, 512)]
    [InlineData(2, 512)]
    [InlineData(100, 512)]
    [InlineData(100, 4096)]
    [InlineData(3, 70000)]
    public void Lines_lie_below_the_curve_and_are_never_negative(int slotsMax, int strideBytes)
    {
        Random random = new(slotsMax);
        for (int trial = 0; trial < 200; trial++)
        {
            ReadCost cost = RandomCost.Create(random);
            foreach (AffineCost line in AffineCost.Below(cost, strideBytes, slotsMax))
            {
                line.ReadMicros.Should().BeGreaterThanOrEqualTo(0);
                line.SlotMicros.Should().BeGreaterThanOrEqualTo(0);
                Enumerable.Range(1, slotsMax).Min(slots => Above(cost, line, slots)).Should().BeGreaterThan(-1e-6);
            }
        }

        double Above(ReadCost cost, AffineCost line, int slots) =>
            cost.MicrosOf((long)slots * strideBytes) - line.ReadMicros - (slots * line.SlotMicros);
    }
}
