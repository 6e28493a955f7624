using Neuralink.Actors.Cache;

namespace Neuralink.Actors.Tests.Pipeline;

/// <summary>The cache's state against a naive model that knows what every frame holds, over random operations in any order the actor allows.</summary>
public sealed class CacheStateModelTests
{
    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(0, 4, 4)]
    [InlineData(1, 1, 1)]
    [InlineData(3, 5, 2)]
    [InlineData(10, 6, 6)]
    [InlineData(10, 6, 0)]
    [InlineData(48, 16, 16)]                 // everything fits
    public void Random_operations_keep_every_promise(int cached, int leased, int prefetched)
    {
        for (int seed = 0; seed < 40; seed++)
        {
            CacheModel model = new(new CacheLimits(cached, leased, prefetched), seed);
            for (int step = 0; step < 300; step++)
                model.Step();
            model.Finish();
        }
    }

    [Fact]
    public void A_bundle_used_again_outlives_those_of_a_single_pass()
    {
        CacheModel model = new(new CacheLimits(4, 4, 0), seed: 1);
        model.Use(layer: 0, 0, 1);
        model.Use(layer: 0, 0, 1);
        model.Use(layer: 0, 0, 1);
        for (int neuron = 2; neuron < 8; neuron++)
            model.Use(layer: 0, neuron);
        long before = model.Counts.CacheHits;
        model.Use(layer: 0, 0, 1);
        model.Counts.CacheHits.Should().Be(before + 2);
    }

    [Fact]
    public void A_second_lease_before_the_first_is_released_is_a_bug()
    {
        CacheModel model = new(new CacheLimits(4, 4, 0), seed: 1);
        model.Invoking(m => m.LeaseTwice()).Should().Throw<InvalidOperationException>().WithMessage("*leased already*");
    }

    [Fact]
    public void A_lease_whose_bundles_are_still_loading_cannot_be_released()
    {
        CacheModel model = new(new CacheLimits(4, 4, 0), seed: 1);
        model.Invoking(m => m.ReleaseEarly()).Should().Throw<InvalidOperationException>().WithMessage("*cannot be released*");
    }
}
