using Neuralink.Kernels;
using Neuralink.Models.Weights;
using Neuralink.Placement;

namespace Neuralink.Models.Inference.Predictors;

/// <summary>
/// Names every neuron: nothing has to be predicted of a model whose neurons never fall silent, nor of one that is streamed. It has no
/// weights.
/// </summary>
/// <param name="neuronCount">Neurons of a layer.</param>
public sealed class AllNeurons(int neuronCount) : NeuronPredictor
{
    /// <summary>It takes none: what is there anyway, without a copy.</summary>
    public override PredictorInput Input => PredictorInput.Residual;

    /// <inheritdoc/>
    public override int Predict(
        WorkerPool pool, int layer, FloatTensor input, int batch, NeuronSet set, PredictedRows? rows = null)
    {
        rows?.Begin(batch, isExact: true);
        set.Clear();
        for (int n = 0; n < neuronCount; n++)
            set.Add(new NeuronId(n));
        return neuronCount * batch;
    }
}
