using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Traces;

namespace Neuralink.Models.Training;

/// <summary>What one layer's predictor is trained on: at each token of a trace, an input [d] in f16 and which neurons fired.</summary>
internal sealed class LayerSamples
{
    private static readonly WeightKernels s_half = WeightKernels.For(WeightFormat.F16);

    private readonly Half[] _inputs;           // [tokens, d]

    /// <param name="inputs">[tokens, d].</param>
    /// <param name="inputSize">d.</param>
    /// <param name="active">[tokens, neurons].</param>
    public LayerSamples(Half[] inputs, int inputSize, ActivationMatrix active)
    {
        if (inputs.Length != (long)active.TokenCount * inputSize)
        {
            throw new ArgumentException(
                $"{active.TokenCount} rows of {inputSize} values expected, {inputs.Length} values given.", nameof(inputs));
        }
        _inputs = inputs;
        InputSize = inputSize;
        Active = active;
    }

    /// <summary>d.</summary>
    public int InputSize { get; }

    /// <summary>Which neurons fire, [tokens, neurons].</summary>
    public ActivationMatrix Active { get; }

    /// <summary>The activity of <paramref name="layer"/> by the inputs <paramref name="depth"/> layers before it.</summary>
    public static LayerSamples Read(ActivationTrace trace, int layer, int depth)
    {
        int inputSize = trace.RequireInputs();
        Half[] inputs = GC.AllocateUninitializedArray<Half>(trace.Info.TokenCount * inputSize);
        trace.ReadInputs(new LayerIndex(layer - depth), firstToken: 0, inputs);
        return new LayerSamples(inputs, inputSize, trace.Layer(new LayerIndex(layer)));
    }

    /// <summary>The inputs of <paramref name="tokens"/> [B] as float32, [B, d].</summary>
    public void Gather(ReadOnlySpan<int> tokens, Span<float> rows)
    {
        for (int i = 0; i < tokens.Length; i++)
            s_half.Decode(MemoryMarshal.AsBytes(_inputs.AsSpan(tokens[i] * InputSize, InputSize)), rows.Slice(i * InputSize, InputSize));
    }

    /// <summary>Root of the mean square of the inputs at <paramref name="tokens"/>.</summary>
    public double InputScale(ReadOnlySpan<int> tokens)
    {
        float[] row = new float[InputSize];
        double sum = 0;
        foreach (int token in tokens)
        {
            Gather([token], row);
            sum += System.Numerics.Tensors.TensorPrimitives.SumOfSquares<float>(row);
        }
        return Math.Sqrt(sum / ((double)tokens.Length * InputSize));
    }

    /// <summary>How often each neuron fires at <paramref name="tokens"/>.</summary>
    public int[] Frequencies(ReadOnlySpan<int> tokens)
    {
        int[] frequencies = new int[Active.NeuronCount], active = new int[Active.NeuronCount];
        foreach (int token in tokens)
        {
            foreach (int neuron in active.AsSpan(0, Active.CopyActive(token, active)))
                frequencies[neuron]++;
        }
        return frequencies;
    }
}
