using Neuralink.Models.Checkpoints;
using Neuralink.Kernels;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tracing;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Tracing;

/// <summary>
/// A trace is exactly what the exact predictor finds token by token, and what the dense reference computes but
/// for rounding at the threshold.
/// </summary>
public sealed class ActivationTracerTests
{
    // The KV cache's f16 is all that differs from the dense reference; gates have a standard deviation of about 1.
    private const float GateError = 0.02f;

    public static TheoryData<string> Names => new(RandomModels.All.Select(spec => spec.Name));

    private static TokenWindows Windows { get; } = TokenWindows.Cut(
        [[.. Enumerable.Range(0, 67).Select(i => (i * 37) % 257)], [4, 5, 6]], 20);

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_bit_is_the_exact_predictors_and_the_dense_references(string name)
    {
        using RandomModel model = new(RandomModels.ByName(name));
        using PackedModel packed = new(model.Folder);
        using TracedModel traced = new(packed.Folder);
        traced.Trace("a", Windows, threads: 2);
        ActivationMatrix[] layers = traced.Layers("a");
        CheckPredictor(packed.Folder, Windows, layers);
        CheckDense(model.Folder, layers, isContinuous: RandomModels.ByName(name).Threshold is null);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Threads_and_memory_change_no_byte(string name)
    {
        using RandomModel model = new(RandomModels.ByName(name));
        using PackedModel packed = new(model.Folder);
        using TracedModel traced = new(packed.Folder);
        traced.Trace("a", Windows, threads: 1).BatchTokens.Should().Be(ActivationTracePlan.BatchTokensMax);
        ActivationTracePlan small = traced.Trace(
            "b", Windows, threads: 3,
            plan => plan.TotalBytes - plan.StreamBytes + FloatTensor.RequiredBytes(41, RandomModels.ByName(name).Hidden));
        small.BatchTokens.Should().BeInRange(41, 42);
        traced.Bytes("b").Should().Equal(traced.Bytes("a"));
    }

    // Its active shares over a whole domain are those of the independent implementation (QuickStudyTests,
    // SparseForwardTests); bits say more.
    [Fact]
    public void The_bundled_models_bits_are_the_exact_predictors()
    {
        int[] tokens = Tokenizer.Load(Path.Combine(BundledModel.Folder, "tokenizer.json")).Encode(BundledModel.Domains[0].Text);
        TokenWindows windows = TokenWindows.Cut([tokens[..400]], DomainReference.WindowTokens);
        using TracedModel traced = new(BundledModel.Image);
        traced.Trace("a", windows, threads: 2);
        CheckPredictor(BundledModel.Image, windows, traced.Layers("a"));
    }

    private static void CheckPredictor(string image, TokenWindows windows, ActivationMatrix[] layers)
    {
        using SparseForward sparse = new(image, chunkTokens: 1, threads: 1);
        int token = 0;
        sparse.Predicted = (layer, set) =>
        {
            int[] found = new int[layers[layer].NeuronCount];
            int count = layers[layer].CopyActive(token, found);
            int[] expected = [.. set.Ids.ToArray().Select(id => id.Value)];
            found.AsSpan(0, count).SequenceEqual(expected).Should().BeTrue("at token {0} of layer {1}", token, layer);
        };
        for (int w = 0; w < windows.Count; w++)
        {
            sparse.Reset();
            foreach (int id in windows.Window(w))
            {
                _ = sparse.Forward([id]);
                token++;
            }
        }
        token.Should().Be(layers[0].TokenCount);
    }

    /// <summary>FATReLU jumps at its threshold: where rounding moves a gate across it, later layers differ by more than rounding.</summary>
    private static void CheckDense(string folder, ActivationMatrix[] layers, bool isContinuous)
    {
        using WorkerPool pool = new(1);
        using Checkpoint source = Checkpoint.Open(folder);
        using DenseReference dense = new(source, pool);
        float threshold = source.Config.ActivationThreshold;
        int begin = 0, different = 0, clear = 0, all = 0;
        dense.GatesComputed = (layer, gates) =>
        {
            for (int i = 0; i < gates.Length; i++, all++)
            {
                (int token, int neuron) = Math.DivRem(i, layers[layer].NeuronCount);
                float gate = gates.Span[i];
                bool differs = layers[layer].IsActive(begin + token, new NeuronId(neuron)) != gate > threshold;
                different += differs ? 1 : 0;
                clear += differs && Math.Abs(gate - threshold) > GateError ? 1 : 0;
            }
        };
        for (int w = 0; w < Windows.Count; begin += Windows.Window(w++).Length)
        {
            dense.Reset();
            _ = dense.Forward(Windows.Window(w));
        }
        all.Should().Be(layers.Sum(l => l.TokenCount * l.NeuronCount));
        (different / (double)all).Should().BeLessThan(0.001);
        if (isContinuous)
            clear.Should().Be(0, "a gate that is not near the threshold fires or not by both");
    }
}
