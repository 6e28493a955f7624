using Neuralink.Models.Checkpoints;
using Neuralink.Kernels;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Reference;

public sealed class DenseReferenceTests : IDisposable
{
    private readonly WorkerPool _pool = new(2);
    private readonly Checkpoint _folder = Checkpoint.Open(BundledModel.Folder);
    private readonly DenseReference _model;

    public DenseReferenceTests() => _model = new DenseReference(_folder, _pool);

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
        _pool.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Greedy_tokens_and_logits_are_those_of_the_independent_implementation(int index)
    {
        GreedyReference expected = BundledModel.Greedy[index];
        int vocabulary = _folder.Config.VocabularySize;
        Span<float> last = _model.Forward(expected.PromptIds).AsSpan()[^vocabulary..];
        for (int i = 0; i < expected.FirstLogits.Length; i++)
            last[i].Should().BeApproximately(expected.FirstLogits[i], 1e-4f, "logit {0}", i);

        List<int> tokens = [];
        while (tokens.Count < expected.NewIds.Length)
        {
            tokens.Add(IndexOfMax(last));
            last = _model.Forward([tokens[^1]]);
        }
        tokens.Should().Equal(expected.NewIds);
    }

    [Fact]
    public void A_chunked_prompt_gives_the_bits_of_a_whole_one()
    {
        int[] prompt = BundledModel.Greedy[2].PromptIds;
        float[] whole = _model.Forward(prompt);
        _model.Reset();
        float[] first = _model.Forward(prompt.AsSpan(0, 3)), rest = _model.Forward(prompt.AsSpan(3));
        first.Concat(rest).Should().Equal(whole);
    }

    private static int IndexOfMax(ReadOnlySpan<float> x) => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(x);
}
