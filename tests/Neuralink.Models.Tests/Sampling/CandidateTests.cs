using Neuralink.Models.Sampling;

namespace Neuralink.Models.Tests.Sampling;

public class CandidateTests
{
    private static readonly float[] s_descending =
        [float.MaxValue, 1e10f, 1.5f, float.Epsilon, 0, -float.Epsilon, -1, -3e20f, float.MinValue, float.NegativeInfinity];

    [Fact]
    public void Candidates_ascend_as_logits_descend_and_as_ids_ascend_among_equals()
    {
        ulong[] packed = [.. s_descending.SelectMany(logit => (ulong[])[Candidate.Pack(logit, 0), Candidate.Pack(logit, int.MaxValue)])];

        packed.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
    }

    [Fact]
    public void Logit_and_id_come_back()
    {
        foreach (float logit in s_descending)
        {
            ulong candidate = Candidate.Pack(logit, 123_456);
            Candidate.LogitOf(candidate).Should().Be(logit);
            Candidate.IdOf(candidate).Should().Be(123_456);
        }
    }

    [Fact]
    public void The_two_zeros_are_equal()
    {
        Candidate.Pack(-0f, 3).Should().Be(Candidate.Pack(0f, 3));
    }
}
