using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Inference;

/// <summary>Each family's published form gives the logits of its formula, computed in double precision by other code.</summary>
public sealed class FamilyForwardTests
{
    // Of the largest logit.
    private const double RelativeError = 1e-3;

    public static TheoryData<string> Families => new(FamilyFormulas.Names);

    [Theory]
    [MemberData(nameof(Families))]
    public void The_logits_are_those_of_the_formula(string family)
    {
        using FamilyFolder folder = new(family);
        using PackedModel packed = new(folder.Path);
        int[] tokens = [.. Enumerable.Range(0, 40).Select(i => (i * 37) % 256)];
        double[][] expected = folder.Formula.Forward(tokens);
        double largest = expected.SelectMany(row => row).Max(Math.Abs);
        largest.Should().BeInRange(2, 200, "logits of another size would show nothing");
        foreach ((int chunk, int threads) in (ReadOnlySpan<(int, int)>)[(1, 1), (7, 2)])
        {
            using SparseForward forward = new(packed.Folder, chunk, threads);
            float[] logits = forward.Forward(tokens);
            for (int i = 0; i < logits.Length; i++)
            {
                double difference = Math.Abs(logits[i] - expected[i / folder.Formula.Vocabulary][i % folder.Formula.Vocabulary]);
                if (!(difference <= RelativeError * largest))
                    difference.Should().BeLessThanOrEqualTo(RelativeError * largest, "at token {0}", i / folder.Formula.Vocabulary);
            }
        }
    }
}
