namespace Neuralink.Kernels.Tests;

public class BundleLayoutTests
{
    [Theory]
    [InlineData(WeightFormat.F16, 4096, true, false, 8192, 24576, 25088)]
    [InlineData(WeightFormat.F16, 256, true, false, 512, 1536, 2048)]
    [InlineData(WeightFormat.F16, 768, false, true, 1536, 3076, 3584)]
    [InlineData(WeightFormat.F32, 5, true, true, 20, 68, 512)]
    [InlineData(WeightFormat.BF16, 127, false, false, 254, 508, 512)]
    [InlineData(WeightFormat.BF16, 127, false, true, 254, 512, 1024)]
    public void Sizes_follow_from_the_parts(
        WeightFormat format, int hidden, bool gated, bool biased, int partBytes, int payloadBytes, int strideBytes)
    {
        var layout = new BundleLayout(format, hidden, gated, biased);

        (layout.RowBytes, layout.DownBytes).Should().Be((partBytes, partBytes));
        layout.PayloadBytes.Should().Be(payloadBytes);
        layout.StrideBytes.Should().Be(strideBytes);
        layout.CrcOffset.Should().Be(strideBytes - 4);
    }

    [Fact]
    public void Parts_lie_one_after_the_other()
    {
        var gated = new BundleLayout(WeightFormat.F16, 100, gated: true, biased: true);
        (gated.DecidingOffset, gated.UpOffset, gated.DownOffset, gated.BiasOffset, gated.BiasCount).Should().Be((0, 200, 400, 600, 2));

        var plain = new BundleLayout(WeightFormat.F16, 100, gated: false, biased: true);
        (plain.UpOffset, plain.DownOffset, plain.BiasOffset, plain.BiasCount).Should().Be((0, 200, 400, 1));
    }

    [Fact]
    public void A_layout_without_weights_or_too_large_is_refused()
    {
        FluentActions.Invoking(() => new BundleLayout(WeightFormat.F16, 0, true, true)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => new BundleLayout(WeightFormat.F32, int.MaxValue / 4, true, true)).Should().Throw<OverflowException>();
    }

    [Fact]
    public void Layouts_of_the_same_shape_are_equal()
        => new BundleLayout(WeightFormat.F16, 8, true, false).Should().Be(new BundleLayout(WeightFormat.F16, 8, true, false));
}
