using Neuralink.Pipeline.Prediction;
using Neuralink.Placement;

namespace Neuralink.Actors.Protocols;

/// <summary>
/// Which neurons a layer needs.
/// <code>
/// Compute                    Predictor                        Cache
///    | PassBegun                 | MayBeNeeded 0 ...            |   the first layers are looked ahead to from the tokens, where the
///    |--------------------------&gt;|-----------------------------&gt;|   strategy reads ahead; then Predicted, and n = 0
///    | LayerReached n            |                              |   Compute leaves the worker pool to the Predictor
///    |--------------------------&gt;| MayBeNeeded n                |   where a quick look comes before the prediction
///    |                           |-----------------------------&gt;|
///    |                           | Needed n                     |   which neurons layer n needs
///    |                           |-----------------------------&gt;|
///    |                           | MayBeNeeded n+1              |   lookahead, while what layer n lacks is read
///    |                           |-----------------------------&gt;|
///    |               Predicted n |                              |   the pool is Compute's again
///    |&lt;--------------------------|                              |
///    | AbandonPass               |                              |
///    |--------------------------&gt;| AbandonPass                  |   answered by ResidencyProtocol.AllReturned
///    |                           |-----------------------------&gt;|
/// </code>
/// The sets change owner with the message: who receives one returns it to the pool.
/// </summary>
internal static class PredictionProtocol
{
    /// <summary>A pass begins.</summary>
    /// <param name="Pass">Which.</param>
    /// <param name="Batch">Its tokens.</param>
    /// <param name="LooksAhead">Whether it looks ahead. Then, if the first layers are looked ahead to from the tokens, their inputs are
    /// ready, and the worker pool is the Predictor's until it says Predicted.</param>
    public sealed record PassBegun(PassId Pass, int Batch, bool LooksAhead) : INoSerializationVerificationNeeded;

    /// <summary>
    /// Compute's FFN input of <paramref name="Layer"/> is ready, and so is the input for the layer that is looked ahead to from there.
    /// </summary>
    public sealed record LayerReached(PassId Pass, LayerIndex Layer, int Batch) : INoSerializationVerificationNeeded;

    /// <summary>
    /// These neurons of <paramref name="Layer"/> are to be computed: those that fire, or that an approximate predictor names. The sender is
    /// Compute, whom the Cache answers.
    /// </summary>
    public sealed record Needed(PassId Pass, LayerIndex Layer, NeuronSet Neurons) : INoSerializationVerificationNeeded;

    /// <summary>
    /// The Predictor goes on when it has this back from the Cache, which has by then handled what it was told before. The sender is
    /// Compute.
    /// </summary>
    public sealed record Continue(PassId Pass, IActorRef Predictor) : INoSerializationVerificationNeeded;

    /// <summary>The Predictor is done with the layer and with the worker pool.</summary>
    public sealed record Predicted(PassId Pass) : INoSerializationVerificationNeeded;

    /// <summary>These neurons of <paramref name="Layer"/> probably fire, by <paramref name="Rank"/>.</summary>
    public sealed record MayBeNeeded(PassId Pass, LayerIndex Layer, NeuronSet Neurons, LookaheadRank Rank)
        : INoSerializationVerificationNeeded;
}
