using Neuralink.Pipeline.Residency;
using Neuralink.Placement;

namespace Neuralink.Pipeline.Compute;

/// <summary>
/// One forward pass over a chunk of tokens. Messages of a pass that is over are dropped by this number; later passes have higher ones.
/// </summary>
internal readonly record struct PassId(long Value);

/// <summary>What <see cref="ComputeMachine"/> has done. Each call is carried out before it returns.</summary>
internal interface IComputeEffects
{
    /// <summary>Embeds the pass's tokens, and fills the inputs of what is looked ahead to from them.</summary>
    public void Embed();

    /// <summary>
    /// Tells the Predictor of the pass. If it looks ahead from the tokens, the workers are the Predictor's until it says Predicted.
    /// </summary>
    public void AnnouncePass(PassId pass, bool looksAhead);

    /// <summary>Attention, the FFN's input and the input of the layer that is looked ahead to from here.</summary>
    public void Attend(LayerIndex layer);

    /// <summary>Tells the Predictor of the layer. The workers are the Predictor's until it says Predicted.</summary>
    public void AnnounceLayer(PassId pass, LayerIndex layer);

    /// <summary>Computes the activations of some ordinals of a lease.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="lease">Its frames.</param>
    /// <param name="ordinals">Each ordinal of the lease comes once.</param>
    /// <param name="areHits">Whether they were readable from the grant on.</param>
    public void Activate(LayerIndex layer, FrameLease lease, ReadOnlyMemory<int> ordinals, bool areHits);

    /// <summary>Adds the down columns of all ordinals, ascending; after the layer's last wave, the FFN's output to the residual.</summary>
    public void AddDown(LayerIndex layer, FrameLease lease);

    /// <summary>There is nothing to do but wait for flash.</summary>
    public void BeginWait(LayerIndex layer);

    /// <summary>The wait is over.</summary>
    public void EndWait(LayerIndex layer, FrameLease lease);

    /// <summary>Gives the lease back.</summary>
    public void Return(PassId pass);

    /// <summary>The layer is computed.</summary>
    public void LeaveLayer(LayerIndex layer);

    /// <summary>All layers are computed: computes the logits that are wanted and answers.</summary>
    public void Finish(PassId pass);

    /// <summary>Sends word to the Predictor, and on to the Cache, that the pass is dropped.</summary>
    public void Abandon(PassId pass);

    /// <summary>Answers that nothing of the pass is left.</summary>
    /// <param name="pass">Which.</param>
    /// <param name="failure">Why it ended; null where it was to be dropped.</param>
    public void EndAbandoned(PassId pass, Exception? failure);
}
