using Neuralink.Actors.Hosting;
using Neuralink.Actors.Protocols;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;

namespace Neuralink.Actors.Compute;

/// <summary>
/// Computes forward passes in the order that <see cref="ComputeMachine"/> says. See <see cref="PassProtocol"/>,
/// <see cref="PredictionProtocol"/> and <see cref="ResidencyProtocol"/>.
/// </summary>
internal sealed class ComputeActor : ReceiveActor, IComputeEffects
{
    private readonly ComputeSetup _setup;
    private readonly IActorRef _predictor;
    private readonly IActorRef _cache;
    private PassProtocol.RunPass? _run;
    private int _rowCount;
    private IActorRef _asker = ActorRefs.Nobody;
    private long _reachedTimestamp;
    private long _waitingSince;

    public ComputeActor(ComputeSetup setup, IActorRef predictor, IActorRef cache)
    {
        _setup = setup;
        _predictor = predictor;
        _cache = cache;
        ComputeMachine machine = new(setup.LayerCount, setup.Strategy.ComputesHitsEarly, setup.LooksAheadFirst, this);
        Receive<PassProtocol.RunPass>(run =>
        {
            (_run, _asker, _rowCount) = (run, Sender, 0);
            foreach (SequencePart part in run.Parts)
                _rowCount += part.Tokens.Length;
            machine.Run(run.Pass, run.LooksAhead);
        });
        Receive<PassProtocol.AbandonPass>(abandon =>
        {
            _asker = Sender;
            machine.Abandon(abandon.Pass);
        });
        Receive<PredictionProtocol.Predicted>(predicted => machine.Predicted(predicted.Pass));
        Receive<ResidencyProtocol.Granted>(granted => machine.Granted(granted.Pass, granted.Lease));
        Receive<ResidencyProtocol.Arrived>(arrived => machine.Arrived(arrived.Pass, arrived.Ordinals, arrived.IsLast));
        Receive<ResidencyProtocol.Unavailable>(unavailable => machine.Unavailable(unavailable.Pass, unavailable.Error));
        Receive<ResidencyProtocol.AllReturned>(returned => machine.AllReturned(returned.Pass));
    }

    private PassProtocol.RunPass Run => _run ?? throw new InvalidOperationException("No pass is running.");

    public static Props Props(ComputeSetup setup, IActorRef predictor, IActorRef cache) =>
        Akka.Actor.Props.Create(() => new ComputeActor(setup, predictor, cache)).WithDispatcher(ActorHosting.ComputeDispatcher);

    void IComputeEffects.Embed() => _setup.Pass.Begin(Run.Parts);

    void IComputeEffects.AnnouncePass(PassId pass, bool looksAhead) =>
        _predictor.Tell(new PredictionProtocol.PassBegun(pass, _rowCount, looksAhead), Self);

    void IComputeEffects.Attend(LayerIndex layer)
    {
        _reachedTimestamp = Now();
        _setup.Pass.Attend(layer);
        Record("attention", layer, _reachedTimestamp, "tokens", _rowCount);
    }

    void IComputeEffects.AnnounceLayer(PassId pass, LayerIndex layer) =>
        _predictor.Tell(new PredictionProtocol.LayerReached(pass, layer, _rowCount), Self);

    void IComputeEffects.Activate(LayerIndex layer, FrameLease lease, ReadOnlyMemory<int> ordinals, bool areHits)
    {
        long start = Now();
        int fired = _setup.Pass.Activate(ordinals, lease);
        _setup.Counts.Add(layer, Counter.ActivePairs, fired);
        Record(areHits ? "ffn hits" : "ffn cluster", layer, start, "neurons", ordinals.Length);
    }

    void IComputeEffects.AddDown(LayerIndex layer, FrameLease lease)
    {
        long start = Now();
        _setup.Pass.AddDown(lease.Frames);
        if (lease.IsLastWave)
            _setup.Pass.EndLayer(layer);
        Record("ffn down", layer, start, "neurons", lease.Count);
    }

    void IComputeEffects.BeginWait(LayerIndex layer) => _waitingSince = Now();

    void IComputeEffects.EndWait(LayerIndex layer, FrameLease lease)
    {
        _setup.Counts.Add(layer, Counter.WaitTicks, Now() - _waitingSince);
        Record("wait", layer, _waitingSince, "neurons", lease.Rest.Length);
    }

    void IComputeEffects.Return(PassId pass) => _cache.Tell(new ResidencyProtocol.Returned(pass), Self);

    void IComputeEffects.LeaveLayer(LayerIndex layer) => _setup.Counts.Add(layer, Counter.LayerTicks, Now() - _reachedTimestamp);

    void IComputeEffects.Finish(PassId pass)
    {
        long start = Now();
        LogitsBatch logits = new(_setup.Pass, Run.Parts);
        foreach (SequencePart part in Run.Parts)
        {
            for (int i = part.Tokens.Length - part.LogitsCount; i < part.Tokens.Length; i++)
                part.TakeLogits(i, logits.Next());
        }
        Record("logits", new LayerIndex(_setup.LayerCount), start, "tokens", logits.Count);
        _asker.Tell(new PassProtocol.PassDone(pass), Self);
    }

    void IComputeEffects.Abandon(PassId pass) => _predictor.Tell(new PassProtocol.AbandonPass(pass), Self);

    void IComputeEffects.EndAbandoned(PassId pass, Exception? failure) =>
        _asker.Tell(failure is null ? new PassProtocol.PassAbandoned(pass) : new PassProtocol.PassFailed(pass, failure), Self);

    private long Now() => _setup.Time.GetTimestamp();

    private void Record(string what, LayerIndex layer, long start, string unit, int count) =>
        _setup.Timeline?.Span(what, layer, start, Now(), unit, count);
}

/// <summary>The logits of a pass, row after row, computed for several rows at once: so the output matrix is read once for these.</summary>
internal ref struct LogitsBatch
{
    private readonly IForwardPass _pass;
    private ReadOnlySpan<float> _rows;      // [rows, vocabulary] that have not been taken
    private int _rowsLeft;
    private int _computed;

    public LogitsBatch(IForwardPass pass, IReadOnlyList<SequencePart> parts)
    {
        _pass = pass;
        foreach (SequencePart part in parts)
            Count += part.LogitsCount;
    }

    /// <summary>Rows whose logits are wanted.</summary>
    public int Count { get; }

    /// <summary>The next row's [vocabulary], valid until the next call.</summary>
    public ReadOnlySpan<float> Next()
    {
        if (_rowsLeft == 0)
        {
            _rowsLeft = Math.Min(_pass.LogitRows, Count - _computed);
            _rows = _pass.Logits(_computed, _rowsLeft);
            _computed += _rowsLeft;
        }
        int vocabulary = _rows.Length / _rowsLeft--;
        ReadOnlySpan<float> row = _rows[..vocabulary];
        _rows = _rows[vocabulary..];
        return row;
    }
}

/// <summary>What Compute works with.</summary>
internal sealed record ComputeSetup
{
    /// <summary>The arithmetic.</summary>
    public required IForwardPass Pass { get; init; }

    public required int LayerCount { get; init; }

    /// <summary>Whether the first layers are looked ahead to from the tokens.</summary>
    public required bool LooksAheadFirst { get; init; }

    public required StrategySwitches Strategy { get; init; }

    /// <summary>Has the counters of Compute.</summary>
    public required LayerCounters Counts { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>The actor's track, or null.</summary>
    public TimelineTrack? Timeline { get; init; }
}
