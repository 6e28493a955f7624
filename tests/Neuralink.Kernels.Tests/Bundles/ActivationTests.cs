namespace Neuralink.Kernels.Tests;

public class ActivationTests
{
    /// <summary>The values by formula in double precision; Phi(x) by numerical integration of the normal density.</summary>
    public static TheoryData<ActivationKind, Func<double, double>> Formulas => new()
    {
        { ActivationKind.Relu2, x => x * x },
        { ActivationKind.Silu, x => x / (1 + Math.Exp(-x)) },
        { ActivationKind.Gelu, x => x * NormalBelow(x) },
        { ActivationKind.GeluTanh, x => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))) },
        { ActivationKind.QuickGelu, x => x / (1 + Math.Exp(-1.702 * x)) },
        { ActivationKind.FatRelu, x => x },
    };

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

    [Theory]
    [InlineData(ActivationKind.Relu2, -1f, false, true)]
    [InlineData(ActivationKind.Relu2, 1f, true, true)]
    [InlineData(ActivationKind.Silu, -1f, true, false)]
    [InlineData(ActivationKind.Silu, 0f, true, false)]
    [InlineData(ActivationKind.Gelu, -30f, true, false)]
    [InlineData(ActivationKind.GeluTanh, -1f, true, false)]
    [InlineData(ActivationKind.QuickGelu, -1f, true, false)]
    public void What_is_smooth_never_falls_silent(ActivationKind kind, float gate, bool isActive, bool isSparse)
    {
        Activation activation = new(kind, 0);
        activation.IsActive(gate).Should().Be(isActive);
        activation.IsSparse.Should().Be(isSparse);
    }

    [Theory]
    [MemberData(nameof(Formulas))]
    public void A_value_is_that_of_the_formula(ActivationKind kind, Func<double, double> formula)
    {
        Activation activation = new(kind, 0);
        for (float x = -12; x <= 12; x += 0.37f)
        {
            double expected = formula(x);
            double tolerance = 2e-6 * Math.Max(Math.Abs(expected), 0.1);
            ((double)activation.Value(x)).Should().BeApproximately(expected, tolerance, "of {0} at {1}", kind, x);
            activation.Combine(x, 0.5f).Should().Be(activation.Value(x) * 0.5f);
        }
    }

    [Fact]
    public void Gate_and_up_are_both_rectified_by_dReLU()
    {
        Activation.DRelu.Combine(2, -3).Should().Be(0);
        Activation.DRelu.Combine(2, 3).Should().Be(6);
    }

    // Simpson's rule.
    private static double NormalBelow(double x)
    {
        const int steps = 20000;
        double width = (x + 40) / steps, sum = Density(-40) + Density(x);
        for (int i = 1; i < steps; i++)
            sum += (i % 2 == 1 ? 4 : 2) * Density(-40 + (i * width));
        return sum * width / 3;

        static double Density(double z) => Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI);
    }
}
