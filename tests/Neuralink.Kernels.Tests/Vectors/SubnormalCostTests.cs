namespace Neuralink.Kernels.Tests.Vectors;

public class SubnormalCostTests
{
    [Fact]
    public void Subnormal_numbers_cost_something_between_nothing_and_a_thousand_times_as_much()
        => SubnormalCost.Ratio.Should().BeInRange(0.1, 1000);
}
