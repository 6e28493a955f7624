using Neuralink.Models.Tests.Inference;
using Neuralink.Models.Tracing;
using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Tracing;

/// <summary>A recorded input is what the layer's deciding matrix multiplies: recomputed from it, the same neurons fire.</summary>
public sealed class TracedInputsTests
{
    // Of an input rounded to f16, against gates of a standard deviation of about 1.
    private const float GateError = 0.02f;

    private static TokenWindows Windows { get; } = TokenWindows.Cut(
        [[.. Enumerable.Range(0, 40).Select(i => (i * 37) % 257)], [4, 5, 6]], 20);

    [Theory]
    [InlineData("llama-relu")]
    [InlineData("mistral-fatrelu")]
    [InlineData("opt")]
    [InlineData("opt-post-norm")]
    public void The_firing_set_follows_from_the_recorded_input(string name)
    {
        RandomModelSpec spec = RandomModels.ByName(name);
        using RandomModel model = new(spec);
        using PackedModel packed = new(model.Folder);
        using TracedModel traced = new(packed.Folder);
        traced.Trace("plain", Windows);
        traced.Trace("a", Windows, threads: 2, inputs: true);
        ActivationMatrix[] layers = traced.Layers("plain");
        using ActivationTrace trace = ActivationTrace.Open(traced.PathOf("a"));
        trace.RequireInputs().Should().Be(spec.Hidden);
        GateRows gates = new(packed.Folder);
        for (int layer = 0; layer < layers.Length; layer++)
        {
            ActivationMatrix active = trace.Layer(new LayerIndex(layer));
            Half[] inputs = new Half[active.TokenCount * spec.Hidden];
            trace.ReadInputs(new LayerIndex(layer), 0, inputs);
            for (int token = 0; token < active.TokenCount; token++)
            {
                active.Token(token).SequenceEqual(layers[layer].Token(token))
                    .Should().BeTrue("inputs do not change what is recorded besides");
                float[] values = gates.Of(layer, inputs.AsSpan(token * spec.Hidden, spec.Hidden));
                for (int n = 0; n < values.Length; n++)
                {
                    if (Math.Abs(values[n] - gates.Threshold) > GateError)
                    {
                        active.IsActive(token, new NeuronId(n))
                            .Should().Be(values[n] > gates.Threshold, "of layer {0}, token {1}, neuron {2}", layer, token, n);
                    }
                }
            }
        }
    }
}
