using Neuralink.Kernels;
using Neuralink.Models.Inference;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Pipeline.Prediction;
using Neuralink.Placement;

namespace Neuralink.Actors.Prediction;

/// <summary>The arithmetic of predicting, over the inputs that Compute has filled.</summary>
internal interface INeuronPrediction
{
    /// <summary>A pass begins, whose rows are known.</summary>
    public void BeginPass();

    /// <summary>Fills <paramref name="set"/> with the neurons that <paramref name="layer"/> needs.</summary>
    /// <returns>How many (neuron, token) pairs are predicted.</returns>
    public int Predict(LayerIndex layer, int batch, NeuronSet set);

    /// <summary>
    /// Fills <paramref name="set"/> with the neurons that <paramref name="target"/> will probably need, by its own input or, ahead of it,
    /// from input number <paramref name="input"/>.
    /// </summary>
    public void LookAhead(LayerIndex target, LookaheadRank rank, int input, int batch, NeuronSet set);
}

/// <summary>A model's.</summary>
/// <param name="predictor">Of the layer that is reached.</param>
/// <param name="pool">Compute's workers, which Compute leaves alone until Predicted.</param>
/// <param name="activations">Where the layer's input is.</param>
/// <param name="lookahead">Who looks ahead, and from what.</param>
/// <param name="rows">The rows of the pass that runs, which Compute has filled before it says that the pass begins.</param>
/// <param name="predicted">Takes for which rows each neuron is predicted; null where the predictor leaves nothing out.</param>
internal sealed class ModelPrediction(
    NeuronPredictor predictor, WorkerPool pool, Activations activations, LookaheadInputs lookahead, ForwardPass rows,
    PredictedRows? predicted) : INeuronPrediction
{
    private FloatTensor OwnInput => predictor.Input == PredictorInput.Residual ? activations.FfnResidual : activations.FfnInput;

    public void BeginPass()
    {
        predictor.BeginPass(rows);
        lookahead.Predictor?.BeginPass(rows);
    }

    public int Predict(LayerIndex layer, int batch, NeuronSet set) =>
        predictor.Predict(pool, layer.Value, OwnInput, batch, set, predicted);

    // All of a layer at once: parts of it lie scattered over its order on flash, and their reads could not be merged
    // (docs/experiments/strategies.md).
    public void LookAhead(LayerIndex target, LookaheadRank rank, int input, int batch, NeuronSet set)
    {
        if (rank == LookaheadRank.Own)
            lookahead.SecondLook!.Predict(pool, target.Value, lookahead.OwnInput, batch, set);
        else
            lookahead.Predictor!.Predict(pool, target.Value, lookahead.Input(input), batch, set);
    }
}
