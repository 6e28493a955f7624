using Neuralink.Kernels;
using Neuralink.Models.Weights;
using Neuralink.Placement;

namespace Neuralink.Models.Inference.Predictors;

/// <summary>
/// Says which neurons of a layer fire, or probably will: for the layer that is about to be computed, or for one that comes later
/// (lookahead). Loaded once for all layers; one thread at a time drives it, on the worker pool, and nothing is allocated.
/// </summary>
public abstract class NeuronPredictor
{
    /// <summary>What <see cref="Predict"/> wants as its input.</summary>
    public virtual PredictorInput Input => PredictorInput.FfnInput;

    /// <summary>
    /// How many layers before the predicted one the input is taken, as the predictor was made for it. 0: the predicted layer's own;
    /// such a predictor looks ahead with an earlier layer's residual in its stead, because neighbouring residuals are nearly
    /// parallel (Deja Vu, arXiv 2310.17157).
    /// </summary>
    public virtual int Depth => 0;

    /// <summary>Whether it knows anything of <paramref name="layer"/>; where it does not, nothing is looked ahead to.</summary>
    public virtual bool Covers(int layer) => true;

    /// <summary>A pass begins; until the next one its rows are those that are predicted for.</summary>
    public virtual void BeginPass(ForwardPass pass)
    {
    }

    /// <summary>
    /// Fills <paramref name="set"/> with the layer's neurons that are predicted for at least one row of <paramref name="input"/>
    /// [batch, d].
    /// </summary>
    /// <param name="pool">Shares the work.</param>
    /// <param name="layer">Whose neurons.</param>
    /// <param name="input">What <see cref="Input"/> says.</param>
    /// <param name="batch">Rows of the pass.</param>
    /// <param name="set">Takes the neurons.</param>
    /// <param name="rows">Takes for which rows each is predicted; null where nobody asks.</param>
    /// <returns>How many (neuron, token) pairs are predicted.</returns>
    public abstract int Predict(
        WorkerPool pool, int layer, FloatTensor input, int batch, NeuronSet set, PredictedRows? rows = null);
}

/// <summary>What a predictor multiplies with its weights; each [B, d].</summary>
public enum PredictorInput
{
    /// <summary>What the FFN multiplies with its own: the residual after the FFN's norm.</summary>
    FfnInput,

    /// <summary>The residual before the FFN's norm, as published PowerInfer predictors take it.</summary>
    Residual,
}
