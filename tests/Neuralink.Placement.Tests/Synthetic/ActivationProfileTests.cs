using Neuralink.Placement.Synthetic;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Tests.Synthetic;

public sealed class ActivationProfileTests
{
    [Theory]
    [InlineData(4096, 0.0954, 0.26)]
    [InlineData(16384, 0.0315, 0.26)]
    [InlineData(11008, 0.2419, 0.43)]
    [InlineData(200, 0.01, 0.1)]
    [InlineData(7, 0.3, 0.5)]
    public void Frequencies_have_the_mean_and_the_eighty_percent_share_that_were_asked_for(int neurons, double share, double eightyShare)
    {
        double[] frequencies = new ActivationProfile(neurons, share, eightyShare).Frequencies();
        frequencies.Should().HaveCount(neurons).And.BeInDescendingOrder().And.OnlyContain(f => f > 0 && f < 1);
        frequencies.Average().Should().BeApproximately(share, share * 1e-3);
        int hot = ActivationStatistics.HotNeurons([.. frequencies.Select(f => (int)(f * 1e9))], 0.8);
        ((double)hot / neurons).Should().BeApproximately(eightyShare, (1.0 / neurons) + 1e-3);
    }

    [Theory]
    [InlineData(0, 0.1, 0.3)]
    [InlineData(10, 0, 0.3)]
    [InlineData(10, 1, 0.3)]
    [InlineData(10, 0.1, 0.8)]
    [InlineData(10, double.NaN, 0.3)]
    public void Impossible_profiles_are_refused(int neurons, double share, double eightyShare)
    {
        Action frequencies = () => new ActivationProfile(neurons, share, eightyShare).Frequencies();
        frequencies.Should().Throw<InvalidOperationException>();
    }
}
