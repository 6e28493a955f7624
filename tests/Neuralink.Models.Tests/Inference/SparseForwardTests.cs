using Neuralink.Models.Checkpoints;
using Neuralink.Kernels;
using Neuralink.Models.Tokenizers;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Inference;

/// <summary>Skipping the neurons that do not fire changes no logit beyond rounding, and nothing depends on threads and chunks.</summary>
public sealed class SparseForwardTests
{
    // The KV cache's f16 is all that differs. Logits reach 20.
    private const float LogitError = 0.06f;

    public static TheoryData<string> Names => new(RandomModels.All.Select(spec => spec.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Logits_are_the_dense_references_and_the_same_bits_for_any_threads_and_chunks(string name)
    {
        using RandomModel model = new(RandomModels.ByName(name));
        using PackedModel packed = new(model.Folder);
        int[] tokens = [.. Enumerable.Range(0, 67).Select(i => (i * 37) % 257)];
        float[] expected = Dense(model.Folder, tokens);
        float[]? first = null;
        foreach ((int chunk, int threads) in (ReadOnlySpan<(int, int)>)[(1, 1), (1, 3), (5, 2), (32, 1), (67, 2)])
        {
            using SparseForward sparse = new(packed.Folder, chunk, threads);
            float[] logits = sparse.Forward(tokens);
            first ??= logits;
            logits.AsSpan().SequenceEqual(first).Should().BeTrue("of chunks of {0}, {1} threads", chunk, threads);
            sparse.ActiveShares.Should().OnlyContain(share => share > 0.02 && share < 0.5);
        }
        CheckAgainst(expected, first!, tokens.Length, isContinuous: RandomModels.ByName(name).Threshold is null);
    }

    [Fact]
    public void The_bundled_models_logits_are_within_2e_3_of_the_independent_implementations()
    {
        using SparseForward sparse = new(BundledModel.Image, chunkTokens: 32, threads: 2);
        foreach (GreedyReference expected in BundledModel.Greedy)
        {
            sparse.Reset();
            float[] logits = sparse.Forward(expected.PromptIds);
            int last = logits.Length - sparse.Config.VocabularySize;
            MaxDifference(logits.AsSpan(last, expected.FirstLogits.Length), expected.FirstLogits).Should().BeLessThan(
                2e-3f, "of the prompt {0}", expected.Prompt);
        }
    }

    // The densest and the sparsest of the four domains, 16384 tokens each: means over so many tokens that are right for these two are right
    // for all. A third one is traced whole (QuickStudyTests).
    [Theory]
    [InlineData("reports")]
    [InlineData("questions")]
    public void The_bundled_models_perplexity_and_active_shares_are_those_of_the_independent_implementation(string name)
    {
        DomainReference domain = BundledModel.Domains.Single(d => d.Name == name);
        using SparseForward sparse = new(BundledModel.Image, chunkTokens: 16, threads: 1);
        int[] tokens = Tokenizer.Load(Path.Combine(BundledModel.Folder, "tokenizer.json")).Encode(domain.Text);
        tokens.Length.Should().BeGreaterThan(domain.Tokens);
        double nll = 0;
        for (int begin = 0; begin < domain.Tokens; begin += DomainReference.WindowTokens)
        {
            sparse.Reset();
            nll += sparse.NegativeLogLikelihood(tokens.AsSpan(begin, DomainReference.WindowTokens + 1));
        }
        Math.Exp(nll / domain.Tokens).Should().BeApproximately(domain.Perplexity, 0.005 * domain.Perplexity);
        double[] shares = sparse.ActiveShares;
        for (int layer = 0; layer < shares.Length; layer++)
        {
            shares[layer].Should().BeApproximately(
                domain.ActiveShareByLayer[layer], 0.02 * domain.ActiveShareByLayer[layer], "of layer {0}", layer);
        }
    }

    /// <summary>
    /// FATReLU jumps at its threshold: where rounding moves a gate across it, what follows differs by more than rounding.
    /// </summary>
    private static void CheckAgainst(float[] expected, float[] found, int rows, bool isContinuous)
    {
        int vocabulary = found.Length / rows;
        int close = Enumerable.Range(0, rows).Count(
            row => MaxDifference(found.AsSpan(row * vocabulary, vocabulary), expected.AsSpan(row * vocabulary, vocabulary)) < LogitError);
        close.Should().BeGreaterThanOrEqualTo(isContinuous ? rows : rows * 3 / 4);
    }

    private static float[] Dense(string folder, int[] tokens)
    {
        using WorkerPool pool = new(1);
        using Checkpoint source = Checkpoint.Open(folder);
        using DenseReference dense = new(source, pool);
        return dense.Forward(tokens);
    }

    private static float MaxDifference(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        a.Length.Should().Be(b.Length);
        float max = 0;
        for (int i = 0; i < a.Length; i++)
            max = Math.Max(max, Math.Abs(a[i] - b[i]));
        return max;
    }
}
