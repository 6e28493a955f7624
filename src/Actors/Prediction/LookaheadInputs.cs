using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Pipeline.Prediction;
using Neuralink.Placement;
using Neuralink.Storage.Memory;

namespace Neuralink.Actors.Prediction;

/// <summary>
/// What lookahead computes from: the residual stream before the first layer and after each attention, normalised as the target's FFN would
/// have it. Compute fills the inputs and the Predictor reads them, in turns.
/// </summary>
internal sealed class LookaheadInputs
{
    private readonly FloatTensor[] _buffers;        // [targets of a turn] of [B, d]; none where the predictor takes what is there anyway
    private readonly Activations _activations;

    /// <param name="arena">Takes the buffers.</param>
    /// <param name="config">The model's.</param>
    /// <param name="activations">The pass's buffers.</param>
    /// <param name="predictor">Who looks ahead, or null.</param>
    /// <param name="secondLook">Who looks at a layer that is reached before it is predicted, or null.</param>
    /// <param name="layers">How far, at least 1.</param>
    public LookaheadInputs(
        NativeArena arena, ModelConfig config, Activations activations, NeuronPredictor? predictor, NeuronPredictor? secondLook, int layers)
    {
        (Predictor, SecondLook) = (predictor, secondLook);
        _activations = activations;
        if (predictor is not null)
        {
            // A predictor made for a distance has nothing to go by before the first layer.
            int firstCount = predictor.Depth > 0 ? 0 : Math.Min(layers, config.LayerCount);
            Plan = new LookaheadPlan(config.LayerCount, layers, firstCount, predictor.Covers, looksAgain: secondLook is not null);
        }
        _buffers = new FloatTensor[predictor is null ? 0 : BufferCount(predictor.Input, predictor.Depth, layers)];
        for (int i = 0; i < _buffers.Length; i++)
            _buffers[i] = new FloatTensor(arena, activations.ChunkTokens, config.HiddenSize, "activations");
    }

    /// <summary>Who looks ahead; null where nobody does.</summary>
    public NeuronPredictor? Predictor { get; }

    /// <summary>Who looks at a layer's own input before it is predicted; null where nobody does.</summary>
    public NeuronPredictor? SecondLook { get; }

    /// <summary>What it looks at, [B, d].</summary>
    public FloatTensor OwnInput => SecondLook!.Input == PredictorInput.Residual ? _activations.FfnResidual : _activations.FfnInput;

    /// <summary>Which layers are looked ahead to, and when.</summary>
    public LookaheadPlan Plan { get; } = LookaheadPlan.None;

    /// <summary>Bytes of the buffers, for a predictor that takes <paramref name="input"/> and was made for so many layers ahead.</summary>
    public static long RequiredBytes(ModelConfig config, int chunkTokens, PredictorInput input, int depth, int layers) =>
        BufferCount(input, depth, layers) * FloatTensor.RequiredBytes(chunkTokens, config.HiddenSize);

    /// <summary>Fills the inputs of the first layers from the embedded tokens.</summary>
    public void Begin(Decoder decoder, int batch)
    {
        for (int target = 0; target < Plan.FirstCount; target++)
            Fill(decoder, target, target, batch);
    }

    /// <summary>Fills the input of <paramref name="layer"/>'s target from the residual after its attention.</summary>
    public void Reach(Decoder decoder, LayerIndex layer, int batch)
    {
        if (Plan.TargetOf(layer) is { } target)
            Fill(decoder, 0, target.Value, batch);
    }

    /// <summary>The input number <paramref name="index"/> of this turn, [B, d].</summary>
    public FloatTensor Input(int index) =>
        _buffers.Length > 0 ? _buffers[index] : Predictor!.Input == PredictorInput.Residual ? _activations.Residual : _activations.FfnInput;

    private static int BufferCount(PredictorInput input, int depth, int layers) =>
        input == PredictorInput.FfnInput && depth == 0 ? layers : 0;

    private void Fill(Decoder decoder, int index, int target, int batch)
    {
        if (_buffers.Length > 0)
            decoder.NormaliseFfnInput(target, _activations.Residual.First(batch), _buffers[index].First(batch));
    }
}
