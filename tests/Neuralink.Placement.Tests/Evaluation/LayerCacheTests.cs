using Neuralink.Placement.Evaluation;

namespace Neuralink.Placement.Tests.Evaluation;

public sealed class LayerCacheTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(40)]
    public void It_holds_as_many_as_its_capacity_and_no_more(int capacity)
    {
        const int Neurons = 40;
        LayerCache cache = new(Neurons, capacity);
        bool[] held = new bool[Neurons];
        Random random = new(capacity);
        for (int i = 0; i < 500; i++)
        {
            int neuron = random.Next(Neurons);
            if (!cache.Touch(neuron))
                cache.Add(neuron);
            int count = 0;
            for (int n = 0; n < Neurons; n++)
            {
                held[n] = cache.Touch(n);
                count += held[n] ? 1 : 0;
            }
            count.Should().BeLessThanOrEqualTo(capacity);
            held[neuron].Should().Be(capacity > 0, "what was used last is held");
        }
        held.Count(h => h).Should().Be(capacity);
    }

    [Fact]
    public void What_was_used_again_outlives_what_was_used_once()
    {
        LayerCache cache = new(5, 2);
        cache.Add(0);
        cache.Add(1);
        cache.Touch(0).Should().BeTrue();
        cache.Add(2);
        (cache.Touch(0), cache.Touch(1), cache.Touch(2)).Should().Be((true, false, true));
    }
}
