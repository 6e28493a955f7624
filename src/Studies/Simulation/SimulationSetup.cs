using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;

namespace Neuralink.Studies.Simulation;

/// <summary>What a <see cref="SimulatedPipeline"/> is made of. Its states are used by one pipeline only.</summary>
internal sealed record SimulationSetup
{
    /// <summary>The model's neurons.</summary>
    public required NeuronKeys Keys { get; init; }

    /// <summary>What is resident.</summary>
    public required CacheState Cache { get; init; }

    /// <summary>Limits, strategy, layers and their orders.</summary>
    public required ResidencySetup Residency { get; init; }

    /// <summary>How reads are cut, and how many are in flight; its ticks are those of the virtual clock.</summary>
    public required FetchSetup Fetch { get; init; }

    /// <summary>Which layers are looked ahead to.</summary>
    public required LookaheadPlan Lookahead { get; init; }

    /// <summary>Whether all actors but Io take turns on one thread, as in the engine, or each has its own.</summary>
    public bool SharesThread { get; init; } = true;

    /// <summary>What a message takes to a thread other than the sender's.</summary>
    public long WakeTicks { get; init; }
}

/// <summary>
/// The arithmetic of a simulated pipeline: which neurons are active, and how long work takes, in ticks. Of a pass that was dropped, what
/// follows may be missing.
/// </summary>
internal interface ISimulatedModel
{
    /// <summary>A pass begins.</summary>
    public long Embed();

    /// <summary>Attention, and the input of the FFN.</summary>
    public long Attend(LayerIndex layer);

    /// <summary>Says which neurons a layer needs.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="active">Empty; takes them, ascending.</param>
    public long Predict(LayerIndex layer, NeuronSet active);

    /// <summary>Says which neurons a layer will probably need.</summary>
    /// <param name="target">The layer.</param>
    /// <param name="rank">By what: an earlier layer's state or its own input.</param>
    /// <param name="named">Empty; takes them, ascending.</param>
    public long LookAhead(LayerIndex target, LookaheadRank rank, NeuronSet named);

    /// <summary>The activations of some ordinals of a lease.</summary>
    public long Activate(LayerIndex layer, FrameLease lease, ReadOnlyMemory<int> ordinals);

    /// <summary>The down columns of a lease.</summary>
    public long AddDown(LayerIndex layer, FrameLease lease);

    /// <summary>There is nothing to do but wait for flash.</summary>
    public void BeginWait(LayerIndex layer, long now);

    /// <summary>The wait is over.</summary>
    public void EndWait(LayerIndex layer, long now);

    /// <summary>The layer is computed.</summary>
    public void LeaveLayer(LayerIndex layer);

    /// <summary>All layers are computed: the logits.</summary>
    public long Finish();
}

/// <summary>The device of a simulated pipeline.</summary>
internal interface ISimulatedDevice
{
    /// <summary>A batch goes to Io.</summary>
    public void Asked(FetchBatch batch);

    /// <summary>A batch comes back.</summary>
    public void Answered(FetchBatch batch);

    /// <summary>A read begins.</summary>
    /// <param name="credit">Unlike that of any other read in flight.</param>
    /// <param name="read">What to read.</param>
    /// <param name="now">The time.</param>
    /// <returns>When it ends; null where <see cref="EndsNow"/> will say so.</returns>
    public long? Begin(int credit, ReadTicket read, long now);

    /// <summary>The credit of a read that ends at this very moment, before anything else happens; or null.</summary>
    /// <param name="isQuiet">Whether nothing else will happen.</param>
    public int? EndsNow(bool isQuiet) => null;

    /// <summary>How long Io takes to check a read that came back.</summary>
    public long Check(ReadTicket read, long now);

    /// <summary>A read ends; also after the pipeline that asked for it is gone.</summary>
    /// <param name="credit">Which.</param>
    /// <param name="now">The time.</param>
    /// <returns>How it went.</returns>
    public ReadResult End(int credit, long now);
}
