using Neuralink.Models.Sampling;

namespace Neuralink.Models.Tests.Sampling;

public class Xoshiro256Tests
{
    [Fact]
    public void Seed_zero_gives_the_published_algorithms_first_numbers()
    {
        Xoshiro256 random = new(0);
        ((ulong[])[random.Next(), random.Next(), random.Next()])
            .Should().Equal(0x99EC5F36CB75F2B4, 0xBF6E1F784956452A, 0x1A5F849D4933E6E0);
    }

    [Fact]
    public void Doubles_lie_from_zero_to_below_one_and_spread_evenly()
    {
        Xoshiro256 random = new(7);
        int[] counts = new int[10];
        for (int i = 0; i < 10_000; i++)
        {
            double value = random.NextDouble();
            value.Should().BeInRange(0, 1).And.BeLessThan(1);
            counts[(int)(value * 10)]++;
        }

        counts.Should().OnlyContain(count => count > 880 && count < 1120, "that is four standard deviations");
    }
}
