using Neuralink.Actors.Hosting;
using Neuralink.Actors.Prediction;
using Neuralink.Actors.Protocols;
using Neuralink.Actors.Tracing;
using Neuralink.Models.Inference;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;

namespace Neuralink.Actors.Compute;

/// <summary>
/// Runs forward passes, layer by layer, on the worker pool: attention; then, with the neurons the Cache leases it, the FFN.
/// See <see cref="PassProtocol"/>, <see cref="PredictionProtocol"/> and <see cref="ResidencyProtocol"/>.
/// </summary>
internal sealed class ComputeActor : ReceiveActor
{
    private readonly ComputeSetup _setup;
    private readonly IActorRef _predictor;
    private readonly IActorRef _cache;

    private PassProtocol.RunPass? _run;
    private IActorRef _asker = ActorRefs.Nobody;
    private LayerIndex _layer;
    private Exception? _failure;        // why the pass is being dropped, if not on demand

    // Of the current layer.
    private bool _poolIsFree;           // the Predictor is done with it
    private readonly Queue<ReadOnlyMemory<int>> _arrived = new();     // ordinals to be computed
    private FrameLease? _lease;
    private bool _hasArrived;           // all of them
    private bool _hitsAreDone;
    private long _reachedTimestamp;
    private long? _waitingSince;

    public ComputeActor(ComputeSetup setup, IActorRef predictor, IActorRef cache)
    {
        _setup = setup;
        _predictor = predictor;
        _cache = cache;
        Become(Idle);
    }

    private Decoder Decoder => _setup.Decoder;

    public static Props Props(ComputeSetup setup, IActorRef predictor, IActorRef cache) =>
        Akka.Actor.Props.Create(() => new ComputeActor(setup, predictor, cache)).WithDispatcher(ActorHosting.ComputeDispatcher);

    private void Idle()
    {
        Receive<PassProtocol.RunPass>(run =>
        {
            (_run, _asker) = (run, Sender);
            Begin(run);
        });
        // A text that has ended sends it too, and is told when nothing of it is left.
        Receive<PassProtocol.AbandonPass>(abandon =>
        {
            _asker = Sender;
            Abandon(abandon.Pass);
        });
    }

    /// <summary>The Predictor looks ahead to the first layers.</summary>
    private void Beginning()
    {
        Receive<PredictionProtocol.Predicted>(
            _ =>
            {
                Become(InLayers);
                ReachLayer();
            },
            predicted => predicted.Pass == _run!.Pass);
        Receive<PassProtocol.AbandonPass>(abandon => Abandon(abandon.Pass));
    }

    private void InLayers()
    {
        Receive<PredictionProtocol.Predicted>(
            _ =>
            {
                _poolIsFree = true;
                Advance();
            },
            predicted => predicted.Pass == _run!.Pass);
        Receive<ResidencyProtocol.Granted>(granted => TakeLease(granted.Lease), granted => granted.Pass == _run!.Pass);
        Receive<ResidencyProtocol.Arrived>(
            arrived =>
            {
                _arrived.Enqueue(arrived.Ordinals);
                _hasArrived = arrived.IsLast;
                Advance();
            },
            arrived => arrived.Pass == _run!.Pass);
        Receive<ResidencyProtocol.Unavailable>(
            unavailable =>
            {
                _failure = unavailable.Error;
                Abandon(unavailable.Pass);
            },
            unavailable => unavailable.Pass == _run!.Pass);
        Receive<PassProtocol.AbandonPass>(abandon => Abandon(abandon.Pass));
    }

    /// <summary>
    /// The request takes the way that the pass's own messages take, so when it comes back all of them have come, and were dropped here.
    /// </summary>
    private void Abandoning()
    {
        Receive<ResidencyProtocol.AllReturned>(returned =>
        {
            object answer = _failure is { } error
                ? new PassProtocol.PassFailed(returned.Pass, error)
                : new PassProtocol.PassAbandoned(returned.Pass);
            (_run, _failure, _lease, _waitingSince) = (null, null, null, null);
            _arrived.Clear();
            _asker.Tell(answer, Self);
            Become(Idle);
        });
        // If it failed just before it was abandoned, who asked wants the latter's answer.
        Receive<PassProtocol.AbandonPass>(_ => _failure = null);
        ReceiveAny(_ => { });
    }

    private void Begin(PassProtocol.RunPass run)
    {
        _layer = new LayerIndex(0);
        Decoder.Begin(run.Tokens.Span, run.Position);
        bool looksAhead = _setup.Lookahead.FirstCount > 0;
        if (looksAhead)
            _setup.Lookahead.Begin(Decoder, run.Tokens.Length);
        _predictor.Tell(new PredictionProtocol.PassBegun(run.Pass, run.Position, run.Tokens.Length, looksAhead), Self);
        if (looksAhead)
        {
            Become(Beginning);
        }
        else
        {
            Become(InLayers);
            ReachLayer();
        }
    }

    private void ReachLayer()
    {
        long start = _reachedTimestamp = _setup.Time.GetTimestamp();
        int batch = _run!.Tokens.Length;
        Decoder.Attend(_layer.Value);
        _setup.Lookahead.Reach(Decoder, _layer.Value, batch);
        _poolIsFree = false;
        _setup.Trace?.Span("attention", _layer, start, _setup.Time.GetTimestamp(), "tokens", batch);
        _predictor.Tell(new PredictionProtocol.LayerReached(_run.Pass, _layer, batch), Self);
    }

    private void TakeLease(FrameLease lease)
    {
        _lease = lease;
        _hasArrived = lease.Rest.IsEmpty;
        _hitsAreDone = false;
        Advance();
    }

    /// <summary>Does what can be done by now: what is resident while the rest is on its way, and everything that is left when it is there.</summary>
    private void Advance()
    {
        if (_lease is null || !_poolIsFree)
            return;
        EndWait(_lease);
        if (_hasArrived)
        {
            Finish(_lease);
            return;
        }
        if (_setup.Strategy.ComputesHitsEarly)
            ActivateAvailable(_lease);
        _waitingSince = _setup.Time.GetTimestamp();
    }

    private void EndWait(FrameLease lease)
    {
        if (_waitingSince is not { } since)
            return;
        long now = _setup.Time.GetTimestamp();
        _setup.Counts.Add(_layer, Counter.WaitTicks, now - since);
        _setup.Trace?.Span("wait", _layer, since, now, "neurons", lease.Rest.Length);
        _waitingSince = null;
    }

    private void ActivateAvailable(FrameLease lease)
    {
        if (!_hitsAreDone)
            Activate("ffn hits", lease, lease.Hits);
        _hitsAreDone = true;
        while (_arrived.TryDequeue(out ReadOnlyMemory<int> ordinals))
            Activate("ffn cluster", lease, ordinals);
    }

    private void Activate(string what, FrameLease lease, ReadOnlyMemory<int> ordinals)
    {
        if (ordinals.IsEmpty)
            return;
        long start = _setup.Time.GetTimestamp();
        int fired = _setup.Ffn.Activate(ordinals, lease.Frames, _run!.Tokens.Length);
        _setup.Counts.Add(_layer, Counter.FiredPairs, fired);
        _setup.Trace?.Span(what, _layer, start, _setup.Time.GetTimestamp(), "neurons", ordinals.Length);
    }

    private void Finish(FrameLease lease)
    {
        ActivateAvailable(lease);
        long start = _setup.Time.GetTimestamp();
        int count = lease.Count;
        bool layerIsThrough = lease.IsLastWave;
        _setup.Ffn.AddDown(lease.Frames, _run!.Tokens.Length);
        if (layerIsThrough)
            Decoder.AddFfn(_layer.Value);
        _setup.Trace?.Span("ffn down", _layer, start, _setup.Time.GetTimestamp(), "neurons", count);
        _lease = null;
        _cache.Tell(new ResidencyProtocol.Returned(_run.Pass), Self);
        if (!layerIsThrough)
            return;
        _setup.Counts.Add(_layer, Counter.LayerTicks, _setup.Time.GetTimestamp() - _reachedTimestamp);
        _layer = new LayerIndex(_layer.Value + 1);
        if (_layer.Value < _setup.LayerCount)
            ReachLayer();
        else
            EndPass();
    }

    private void EndPass()
    {
        PassProtocol.RunPass run = _run!;
        _run = null;
        Become(Idle);
        long start = _setup.Time.GetTimestamp();
        double score = run.ScoreSoFar;
        if (run.Targets is { } targets)
        {
            int firstRow = run.Tokens.Length - targets.Length;
            for (int i = 0; i < targets.Length; i++)
            {
                ReadOnlySpan<float> logits = Decoder.Logits(firstRow + i);
                score += Likelihood.NegativeLog(logits, targets.Span[i]);
                run.ReadLogits?.Invoke(run.Position + firstRow + i + 1, logits);
            }
        }
        if (run.WantsLogits)
            _ = Decoder.Logits(run.Tokens.Length - 1);
        _setup.Trace?.Span("logits", _layer, start, _setup.Time.GetTimestamp(), "tokens", run.Targets?.Length ?? 1);
        _asker.Tell(new PassProtocol.PassDone(run.Pass, score), Self);
    }

    private void Abandon(PassId pass)
    {
        Become(Abandoning);
        _predictor.Tell(new PassProtocol.AbandonPass(pass), Self);
    }
}

/// <summary>What Compute works with.</summary>
/// <param name="Decoder">The resident half of the model.</param>
/// <param name="Ffn">The other half.</param>
/// <param name="Lookahead">What is looked ahead to, and from what.</param>
/// <param name="Strategy">How to share the time.</param>
/// <param name="LayerCount">Layers.</param>
/// <param name="Counts">Has the counters of Compute.</param>
/// <param name="Time">The clock.</param>
/// <param name="Trace">The actor's track, or null.</param>
internal sealed record ComputeSetup(
    Decoder Decoder, SparseFfn Ffn, LookaheadInputs Lookahead, StrategySwitches Strategy, int LayerCount, LayerCounters Counts,
    TimeProvider Time, TraceTrack? Trace);
