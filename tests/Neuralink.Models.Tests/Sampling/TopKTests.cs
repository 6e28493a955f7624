using Neuralink.Models.Sampling;

namespace Neuralink.Models.Tests.Sampling;

public class TopKTests
{
    [Fact]
    public void The_best_come_first_in_order_for_every_k()
    {
        Random random = new(1);
        foreach (int count in (int[])[1, 2, 3, 17, 64])
        {
            ulong[] candidates = [.. Enumerable.Range(0, count).Select(id => Candidate.Pack(random.Next(8) - 4, id))];
            for (int k = 0; k <= count + 1; k++)
            {
                ulong[] selected = [.. candidates];
                int kept = TopK.Select(selected, k);

                kept.Should().Be(k == 0 ? count : Math.Min(k, count));
                selected[..kept].Should().Equal(candidates.Order().Take(kept));
                selected.Should().BeEquivalentTo(candidates);
            }
        }
    }
}
