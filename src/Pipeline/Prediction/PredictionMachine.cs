using Neuralink.Pipeline.Compute;
using Neuralink.Placement;

namespace Neuralink.Pipeline.Prediction;

/// <summary>What <see cref="PredictionMachine"/> has done. Each call is carried out before it returns.</summary>
internal interface IPredictionEffects
{
    /// <summary>Tells the predictors that a pass of so many tokens begins.</summary>
    public void BeginPass(int batch);

    /// <summary>Computes which neurons <paramref name="layer"/> needs and tells the Cache: Needed.</summary>
    public void Predict(PassId pass, LayerIndex layer, int batch);

    /// <summary>Computes which neurons <paramref name="target"/> will probably need and tells the Cache: MayBeNeeded.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="target">The layer.</param>
    /// <param name="rank">By what: an earlier layer's state or its own input.</param>
    /// <param name="input">Which of the inputs for later layers that Compute has filled.</param>
    /// <param name="batch">Tokens of the pass.</param>
    public void LookAhead(PassId pass, LayerIndex target, LookaheadRank rank, int input, int batch);

    /// <summary>Has <see cref="PredictionMachine.Continue"/> called once everybody has had a turn at what was said so far.</summary>
    public void Yield(PassId pass);

    /// <summary>Gives the workers back to Compute: Predicted.</summary>
    public void ReleaseWorkers(PassId pass);

    /// <summary>Sends the request to drop the pass on to the Cache.</summary>
    public void Abandon(PassId pass);
}

/// <summary>
/// What is predicted and looked ahead to, and when: a layer's own neurons first, since it waits for them, and then, while the Cache has
/// those read that it lacks, a later layer's. Where the plan says so, a quick look at a layer's own neurons comes before all, so that what
/// it lacks is read while the predictor works. Between two predictions it yields, so that reads are on their way before more is predicted.
/// <code>
/// Idle --PassBegun--> LookingAhead --(none is left)--> Idle
/// Idle --LayerReached--> (Predicting -->) LookingAhead --(none is left)--> Idle
/// </code>
/// </summary>
/// <param name="plan">Which layers are looked ahead to.</param>
/// <param name="effects">What is done.</param>
internal sealed class PredictionMachine(LookaheadPlan plan, IPredictionEffects effects)
{
    private Phase _phase;
    private PassId _pass;
    private PassId _dropped;           // nothing is predicted for it any more, nor for those before it
    private int _batch;
    private bool _looksAhead = true;   // in the pass
    private LayerIndex _target;        // the next to look ahead to, or to predict
    private bool _isFirst;             // ... from the tokens

    private enum Phase
    {
        Idle,

        /// <summary>The layer that is reached has been looked at, and is yet to be predicted.</summary>
        Predicting,
        LookingAhead,
    }

    /// <summary>A pass begins.</summary>
    /// <param name="pass">Which.</param>
    /// <param name="batch">Its tokens.</param>
    /// <param name="looksAhead">
    /// Whether it looks ahead, as far as the plan does; then the inputs for the first layers are ready, and the workers the Predictor's.
    /// </param>
    public void PassBegun(PassId pass, int batch, bool looksAhead)
    {
        if (!Enter(pass, batch))
            return;
        effects.BeginPass(batch);
        _looksAhead = looksAhead;
        if (looksAhead && plan.FirstCount > 0)
            LookAheadTo(plan.NextFirst(0), isFirst: true);
    }

    /// <summary>The FFN input of a layer is ready, and so is the input for the layer that is looked ahead to from there.</summary>
    public void LayerReached(PassId pass, LayerIndex layer, int batch)
    {
        if (!Enter(pass, batch))
            return;
        if (!_looksAhead || !plan.LooksAgainAt(layer))
        {
            Predict(layer);
            return;
        }
        effects.LookAhead(pass, layer, LookaheadRank.Own, input: 0, batch);
        (_phase, _target) = (Phase.Predicting, layer);
        effects.Yield(pass);
    }

    /// <summary>Everybody has had a turn.</summary>
    public void Continue(PassId pass)
    {
        if (pass != _pass || _phase == Phase.Idle)
            return;
        if (_phase == Phase.Predicting)
        {
            Predict(_target);
            return;
        }
        effects.LookAhead(pass, _target, LookaheadRank.Earlier, _isFirst ? _target.Value : 0, _batch);
        LookAheadTo(_isFirst ? plan.NextFirst(_target.Value + 1) : null, _isFirst);
    }

    /// <summary>The pass is dropped.</summary>
    public void Abandon(PassId pass)
    {
        _dropped = pass;
        _phase = Phase.Idle;
        effects.Abandon(pass);
    }

    private bool Enter(PassId pass, int batch)
    {
        if (pass.Value <= _dropped.Value)
            return false;
        if (_phase != Phase.Idle)
            throw new InvalidOperationException($"{_pass} is {_phase}.");
        (_pass, _batch) = (pass, batch);
        return true;
    }

    private void Predict(LayerIndex layer)
    {
        effects.Predict(_pass, layer, _batch);
        LookAheadTo(_looksAhead ? plan.TargetOf(layer) : null, isFirst: false);
    }

    private void LookAheadTo(LayerIndex? target, bool isFirst)
    {
        if (target is not { } next)
        {
            _phase = Phase.Idle;
            effects.ReleaseWorkers(_pass);
            return;
        }
        (_phase, _target, _isFirst) = (Phase.LookingAhead, next, isFirst);
        effects.Yield(_pass);
    }
}
