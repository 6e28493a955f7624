using Neuralink.Kernels;

namespace Neuralink.Models.Tracing;

/// <summary>
/// How large activations are, layer by layer: counts of |act(gate)| in bins that are 1/128 of their value wide, so that quantiles are right
/// to within that whatever the scale.
/// </summary>
/// <param name="layerCount">Layers of the model.</param>
/// <param name="workers">Who count.</param>
public sealed class GateSizes(int layerCount, int workers)
{
    // The sign is 0; what is left of exponent and mantissa are the upper bits of a float.
    private const int DroppedBits = 16;
    private const int Bins = 1 << (31 - DroppedBits);

    private readonly List<float[]> _norms = [];
    private readonly long[,][] _counts = New(layerCount, workers);      // [layer, worker][bin]

    /// <summary>The norms of the down columns, [layer][neuron]; none of a model with gates.</summary>
    public IReadOnlyList<float[]> Norms => _norms;

    /// <summary>Counts the activations of some gate values.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="worker">Who counts.</param>
    /// <param name="activation">Makes activations of them.</param>
    /// <param name="gates">[tokens, neurons].</param>
    /// <param name="weights">[neurons], what their activations are multiplied with; or none.</param>
    internal void Count(int layer, int worker, Activation activation, ReadOnlySpan<float> gates, ReadOnlySpan<float> weights)
    {
        long[] counts = _counts[layer, worker];
        for (int i = 0; i < gates.Length; i++)
        {
            float size = MathF.Abs(activation.Value(gates[i])) * (weights.IsEmpty ? 1 : weights[i % weights.Length]);
            counts[BitConverter.SingleToUInt32Bits(size) >> DroppedBits]++;
        }
    }

    /// <summary>Keeps the norms of a layer.</summary>
    internal void Keep(int layer, float[] norms)
    {
        if (norms.Length > 0 && layer == _norms.Count)
            _norms.Add([.. norms]);
    }

    /// <summary>The size that a share of a layer's activations exceeds.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="share">Of all neurons and tokens, more than 0 and less than 1.</param>
    public float ThresholdOf(int layer, double share)
    {
        long[] counts = new long[Bins];
        for (int worker = 0; worker < _counts.GetLength(1); worker++)
        {
            for (int bin = 0; bin < Bins; bin++)
                counts[bin] += _counts[layer, worker][bin];
        }
        long above = 0, wanted = (long)(share * counts.Sum());
        int lowest = Bins;
        while (lowest > 1 && above < wanted)
            above += counts[--lowest];
        return BitConverter.UInt32BitsToSingle((uint)lowest << DroppedBits);
    }

    private static long[,][] New(int layers, int workers)
    {
        long[,][] counts = new long[layers, workers][];
        for (int layer = 0; layer < layers; layer++)
        {
            for (int worker = 0; worker < workers; worker++)
                counts[layer, worker] = new long[Bins];
        }
        return counts;
    }
}
