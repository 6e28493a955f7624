using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;

namespace Neuralink.Models.Inference;

/// <summary>
/// The matrix that decides activity, in memory, for an image whose bundles leave it out. Where the exact predictor has computed the
/// layer's values already they are taken from there, else a neuron's row is multiplied when it is computed. Both are the same bits.
/// </summary>
public sealed class DecidingRows
{
    private readonly Linear[] _layers;
    private readonly ExactPredictor? _exact;

    private DecidingRows(Linear[] layers, ExactPredictor? exact) => (_layers, _exact) = (layers, exact);

    /// <summary>Whether a product takes its input in 8 bits.</summary>
    public bool QuantizesInput => _layers[0].QuantizesInput;

    /// <summary>The exact predictor's.</summary>
    public static DecidingRows Of(ExactPredictor exact) => new(exact.Layers, exact);

    /// <summary>Takes the matrices from memory.</summary>
    public static DecidingRows Load(IWeightLoader weights, ModelConfig c, WeightFormat format) => new(LoadLayers(weights, c, format), null);

    /// <summary>Whether the values of a layer are known without a product.</summary>
    public bool Knows(int layer) => _exact is not null && _exact.HeldLayer == layer;

    /// <summary>values[b] = the neuron's row times x[b], plus its bias.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="neuron">The neuron.</param>
    /// <param name="x">[batch, d], what the predictor of the layer got.</param>
    /// <param name="values">[batch].</param>
    public void Compute(int layer, int neuron, ProductInput x, Span<float> values)
    {
        if (Knows(layer))
            _exact!.Held(neuron, values);
        else
            _layers[layer].MultiplyRow(neuron, x, values);
    }

    internal static Linear[] LoadLayers(IWeightLoader weights, ModelConfig c, WeightFormat format)
    {
        Linear[] layers = new Linear[c.LayerCount];
        for (int i = 0; i < layers.Length; i++)
            layers[i] = c.SharedFfn && i > 0
                ? layers[0]
                : Linear.Load(weights, format, c.FfnBias, TensorNames.Layer(c, i).Deciding, c.FfnSize, c.HiddenSize);
        return layers;
    }
}
