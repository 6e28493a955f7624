using Neuralink.Pipeline.Residency;
using Neuralink.Placement;

namespace Neuralink.Pipeline.Compute;

/// <summary>
/// The order of work of a forward pass, for whoever computes.
/// <code>
/// Idle --Run--> Beginning --Predicted--> InLayers --(last layer)--> Idle
///                   |                       |
///                   +--Abandon, Unavailable-+--> Abandoning --AllReturned--> Idle
/// </code>
/// In a layer: attention, and then the neurons, wave by wave. Of a wave, what is readable is computed while the rest is on its way, if
/// the strategy says so; nothing is computed while the Predictor has the workers. A message of a pass that is over, or is being dropped,
/// changes nothing.
/// </summary>
/// <param name="layerCount">Layers of the model.</param>
/// <param name="computesHitsEarly">Whether to compute what is readable while the rest of a wave is read.</param>
/// <param name="looksAheadFirst">Whether the first layers are looked ahead to from the tokens.</param>
/// <param name="effects">What is done.</param>
internal sealed class ComputeMachine(int layerCount, bool computesHitsEarly, bool looksAheadFirst, IComputeEffects effects)
{
    private readonly Queue<ReadOnlyMemory<int>> _arrived = new();      // ordinals to be computed
    private Phase _phase;
    private PassId _pass;
    private LayerIndex _layer;
    private Exception? _failure;       // why the pass is being dropped, if not on demand

    // Of the current wave.
    private FrameLease? _lease;
    private bool _poolIsFree;          // the Predictor is done with it
    private bool _hasArrived;          // all ordinals are readable
    private bool _hitsAreDone;
    private bool _isWaiting;

    private enum Phase
    {
        Idle,

        /// <summary>The Predictor looks ahead to the first layers.</summary>
        Beginning,
        InLayers,

        /// <summary>Until the Cache says that nothing of the pass is left.</summary>
        Abandoning,
    }

    /// <summary>A pass is to be run.</summary>
    /// <param name="pass">Which.</param>
    /// <param name="looksAhead">Whether it looks ahead, where the strategy does.</param>
    public void Run(PassId pass, bool looksAhead = true)
    {
        if (_phase != Phase.Idle)
            throw new InvalidOperationException($"{_pass} is {_phase}; {pass} must wait.");
        (_pass, _layer) = (pass, new LayerIndex(0));
        effects.Embed();
        effects.AnnouncePass(pass, looksAhead);
        if (looksAhead && looksAheadFirst)
            _phase = Phase.Beginning;
        else
            ReachLayer();
    }

    /// <summary>The Predictor is done with the layer and with the workers.</summary>
    public void Predicted(PassId pass)
    {
        if (!IsCurrent(pass))
            return;
        if (_phase == Phase.Beginning)
        {
            ReachLayer();
            return;
        }
        _poolIsFree = true;
        Advance();
    }

    /// <summary>The layer's next wave; its hits are readable.</summary>
    public void Granted(PassId pass, FrameLease lease)
    {
        if (!IsCurrent(pass))
            return;
        if (_lease is not null)
            throw new InvalidOperationException($"A lease of {_layer} is out.");
        _lease = lease;
        _hasArrived = lease.Rest.IsEmpty;
        _hitsAreDone = false;
        Advance();
    }

    /// <summary>More ordinals of the lease are readable.</summary>
    public void Arrived(PassId pass, ReadOnlyMemory<int> ordinals, bool isLast)
    {
        if (!IsCurrent(pass))
            return;
        _arrived.Enqueue(ordinals);
        _hasArrived = isLast;
        Advance();
    }

    /// <summary>What the layer waits for cannot be read.</summary>
    public void Unavailable(PassId pass, Exception error)
    {
        if (!IsCurrent(pass))
            return;
        _failure = error;
        BeginAbandoning(pass);
    }

    /// <summary>Drop the pass; also where it is over, for who asks wants to know that nothing of it is left.</summary>
    public void Abandon(PassId pass)
    {
        _failure = null;      // if it failed just before, who asks wants the answer to this
        if (_phase != Phase.Abandoning)
            BeginAbandoning(pass);
    }

    /// <summary>
    /// Nothing of the pass is left. The request took the way that the pass's own messages take, so all of them have come, and were dropped
    /// here.
    /// </summary>
    public void AllReturned(PassId pass)
    {
        if (_phase != Phase.Abandoning)
            throw new InvalidOperationException($"{pass} is {_phase}; nobody asked for an end.");
        Exception? failure = _failure;
        (_phase, _failure, _lease, _isWaiting) = (Phase.Idle, null, null, false);
        _arrived.Clear();
        effects.EndAbandoned(pass, failure);
    }

    private bool IsCurrent(PassId pass) => pass == _pass && _phase is Phase.Beginning or Phase.InLayers;

    private void BeginAbandoning(PassId pass)
    {
        _phase = Phase.Abandoning;
        effects.Abandon(pass);
    }

    private void ReachLayer()
    {
        _phase = Phase.InLayers;
        _poolIsFree = false;
        effects.Attend(_layer);
        effects.AnnounceLayer(_pass, _layer);
    }

    /// <summary>
    /// Does what can be done by now: what is readable while the rest is on its way, and everything that is left when it is there.
    /// </summary>
    private void Advance()
    {
        if (_lease is not { } lease || !_poolIsFree)
            return;
        if (_isWaiting)
            effects.EndWait(_layer, lease);
        _isWaiting = !_hasArrived;
        if (_hasArrived || computesHitsEarly)
            ActivateReadable(lease);
        if (_hasArrived)
            FinishWave(lease);
        else
            effects.BeginWait(_layer);
    }

    private void ActivateReadable(FrameLease lease)
    {
        if (!_hitsAreDone && !lease.Hits.IsEmpty)
            effects.Activate(_layer, lease, lease.Hits, areHits: true);
        _hitsAreDone = true;
        while (_arrived.TryDequeue(out ReadOnlyMemory<int> ordinals))
            effects.Activate(_layer, lease, ordinals, areHits: false);
    }

    private void FinishWave(FrameLease lease)
    {
        bool layerIsThrough = lease.IsLastWave;      // once returned, the lease is the Cache's
        effects.AddDown(_layer, lease);
        _lease = null;
        effects.Return(_pass);
        if (layerIsThrough)
            FinishLayer();
    }

    private void FinishLayer()
    {
        effects.LeaveLayer(_layer);
        _layer = new LayerIndex(_layer.Value + 1);
        if (_layer.Value < layerCount)
        {
            ReachLayer();
            return;
        }
        _phase = Phase.Idle;
        effects.Finish(_pass);
    }
}
