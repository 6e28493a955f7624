namespace Neuralink.Kernels.Tests;

public class ActivationTests
{
    [Fact]
    public void The_default_is_relu() => default(Activation).Should().Be(Activation.Relu);

    [Theory]
    [InlineData(0f, -1f, false)]
    [InlineData(0f, 0f, false)]
    [InlineData(0f, 1e-30f, true)]
    [InlineData(0.5f, 0.5f, false)]
    [InlineData(0.5f, 0.6f, true)]
    [InlineData(0f, float.NaN, false)]
    public void A_gate_fires_above_the_threshold_only(float threshold, float gate, bool isActive)
        => Activation.FatRelu(threshold).IsActive(gate).Should().Be(isActive);
}
