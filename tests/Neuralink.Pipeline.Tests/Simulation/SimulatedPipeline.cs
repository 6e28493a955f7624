using Neuralink.Pipeline.Compute;
using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Reads;

namespace Neuralink.Pipeline.Tests.Simulation;

/// <summary>The four machines, wired as the actors wire them, on virtual threads.</summary>
internal sealed class SimulatedPipeline : IComputeEffects, IPredictionEffects, IResidencyEffects, IFetchEffects
{
    private readonly Scenario _scenario;
    private readonly VirtualTime _time;
    private readonly FlashLedger _flash;
    private readonly PassLedger _ledger;
    private readonly VirtualThread _computing, _predicting, _caching, _reading;
    private readonly ComputeMachine _compute;
    private readonly PredictionMachine _prediction;
    private readonly ResidencyMachine _residency;
    private readonly FetchMachine _fetch;
    private readonly Action<PassId, Exception?> _ended;
    private int _rented;
    private int _completing;      // reads that are back and not yet handled
    private bool _isGone;

    /// <param name="scenario">The setup.</param>
    /// <param name="time">The clock.</param>
    /// <param name="flash">The device.</param>
    /// <param name="ledger">Checks what is computed.</param>
    /// <param name="done">A pass is through.</param>
    /// <param name="ended">A pass was dropped, by an error or on demand.</param>
    public SimulatedPipeline(
        Scenario scenario, VirtualTime time, FlashLedger flash, PassLedger ledger, Action<PassId> done, Action<PassId, Exception?> ended)
    {
        (_scenario, _time, _flash, _ledger, Done, _ended) = (scenario, time, flash, ledger, done, ended);
        _computing = new VirtualThread(time);
        (_predicting, _caching) = scenario.SharesThread ? (_computing, _computing) : (new VirtualThread(time), new VirtualThread(time));
        _reading = new VirtualThread(time);
        LookaheadPlan plan = scenario.Strategy.ReadsAhead
            ? new LookaheadPlan(scenario.Keys.LayerCount, scenario.LookaheadLayers, scenario.FirstCount, layer => layer % 4 != 3)
            : LookaheadPlan.None;
        LayerCounters counts = new(scenario.Keys.LayerCount);
        int[] hottest = [.. Enumerable.Range(0, scenario.Keys.Count)];
        CachePolicy policy = CachePolicies.Create(scenario.Policy, scenario.Keys.Count, scenario.Limits.CachedMax, hottest);
        LookaheadGate gate = new(scenario.Keys.LayerCount, scenario.PrecisionMin);
        Cache = new CacheState(scenario.Limits, scenario.Keys, policy, gate, counts);
        _compute = new ComputeMachine(scenario.Keys.LayerCount, scenario.Strategy.ComputesHitsEarly, plan.FirstCount > 0, this);
        _prediction = new PredictionMachine(plan, this);
        ResidencySetup residency = new()
        {
            Limits = scenario.Limits,
            Strategy = scenario.Strategy,
            LayerCount = scenario.Keys.LayerCount,
            PlacementOf = layer => scenario.Placements[layer.Value],
        };
        _residency = new ResidencyMachine(Cache, residency, this);
        _fetch = new FetchMachine(SetupOf(scenario, counts), this);
    }

    public CacheState Cache { get; }

    private Action<PassId> Done { get; }

    public void Run(PassId pass) => _computing.Post(_time.Now, () =>
    {
        _ledger.Begin();
        _compute.Run(pass);
    });

    public void Abandon(PassId pass) => _computing.Post(_time.Now, () => _compute.Abandon(pass));

    /// <summary>The actors are gone, whatever they were at; reads come back to nobody.</summary>
    public void Break()
    {
        _isGone = true;
        foreach (VirtualThread thread in (VirtualThread[])[_computing, _predicting, _caching, _reading])
            thread.Clear();
    }

    /// <summary>After each event.</summary>
    public void Check()
    {
        Cache.CheckInvariants();
        _fetch.InFlight.Should().Be(_flash.InFlight + _completing, "a credit is lent for each read");
    }

    /// <summary>When a pass has ended and was dropped.</summary>
    public void CheckIdle()
    {
        (Cache.LeasedCount, Cache.PrefetchedCount, _residency.FetchingCount, _fetch.InFlight, _flash.BatchCount, _rented)
            .Should().Be((0, 0, 0, 0, 0, 0), "of leased and prefetched frames, fetches, reads, batches and sets nothing is left");
        _reading.WaitingCount.Should().Be(0);
    }

    void IComputeEffects.Embed() => _ledger.UseWorkers(_computing);

    void IComputeEffects.AnnouncePass(PassId pass, bool looksAhead) =>
        _predicting.Post(_computing.Cursor, () => _prediction.PassBegun(pass, position: 0, batch: 1, looksAhead));

    void IComputeEffects.Attend(LayerIndex layer)
    {
        _ledger.Attend(layer);
        _ledger.UseWorkers(_computing);
    }

    void IComputeEffects.AnnounceLayer(PassId pass, LayerIndex layer) =>
        _predicting.Post(_computing.Cursor, () => _prediction.LayerReached(pass, layer, batch: 1));

    void IComputeEffects.Activate(LayerIndex layer, FrameLease lease, ReadOnlyMemory<int> ordinals, bool areHits)
    {
        _ledger.Activate(layer, lease, ordinals);
        _ledger.UseWorkers(_computing);
    }

    void IComputeEffects.AddDown(LayerIndex layer, FrameLease lease)
    {
        _ledger.AddDown(layer, lease);
        _ledger.UseWorkers(_computing);
    }

    void IComputeEffects.BeginWait(LayerIndex layer)
    {
    }

    void IComputeEffects.EndWait(LayerIndex layer, FrameLease lease)
    {
    }

    void IComputeEffects.Return(PassId pass) => _caching.Post(_computing.Cursor, () => _residency.Returned(pass));

    void IComputeEffects.LeaveLayer(LayerIndex layer) => _ledger.LeaveLayer(layer);

    void IComputeEffects.Finish(PassId pass)
    {
        _ledger.Finish();
        _time.At(_computing.Cursor, () => UnlessGone(() => Done(pass)));
    }

    void IComputeEffects.Abandon(PassId pass) => _predicting.Post(_computing.Cursor, () => _prediction.Abandon(pass));

    void IComputeEffects.EndAbandoned(PassId pass, Exception? failure) =>
        _time.At(_computing.Cursor, () => UnlessGone(() => _ended(pass, failure)));

    void IPredictionEffects.BeginPass(int position, int batch)
    {
    }

    void IPredictionEffects.Predict(PassId pass, LayerIndex layer, int batch)
    {
        _ledger.UseWorkers(_predicting);
        NeuronSet set = Rent(_ledger.ActiveOf(layer));
        _caching.Post(_predicting.Cursor, () => _residency.Fires(pass, layer, set));
    }

    void IPredictionEffects.LookAhead(PassId pass, LayerIndex target, int input, int batch)
    {
        _ledger.UseWorkers(_predicting);
        NeuronSet set = Rent(_scenario.DrawLookahead(_ledger.ActiveOf(target)));
        _caching.Post(_predicting.Cursor, () => _residency.MayFire(pass, target, set));
    }

    void IPredictionEffects.Yield(PassId pass) => _predicting.Post(_predicting.Cursor, () => _prediction.Continue(pass));

    void IPredictionEffects.ReleaseWorkers(PassId pass) => _computing.Post(_predicting.Cursor, () => _compute.Predicted(pass));

    void IPredictionEffects.Abandon(PassId pass) => _caching.Post(_predicting.Cursor, () => _residency.Abandon(pass));

    void IResidencyEffects.Fetch(FetchBatch batch)
    {
        _flash.Asked(batch);
        _reading.Post(_caching.Cursor, () => _fetch.Fetch(batch, _reading.Cursor));
    }

    void IResidencyEffects.Grant(PassId pass, FrameLease lease) => _computing.Post(_caching.Cursor, () => _compute.Granted(pass, lease));

    void IResidencyEffects.Arrived(PassId pass, ReadOnlyMemory<int> ordinals, bool isLast) =>
        _computing.Post(_caching.Cursor, () => _compute.Arrived(pass, ordinals, isLast));

    void IResidencyEffects.Unavailable(PassId pass, Exception error) =>
        _computing.Post(_caching.Cursor, () => _compute.Unavailable(pass, error));

    void IResidencyEffects.AllReturned(PassId pass) => _computing.Post(_caching.Cursor, () => _compute.AllReturned(pass));

    void IResidencyEffects.Release(NeuronSet neurons) => _rented--;

    void IFetchEffects.Submit(int credit, ReadTicket read)
    {
        (Action end, ReadResult result) = _flash.Begin(read);
        _time.At(_reading.Cursor + _scenario.Latency(), () =>
        {
            end();
            if (_isGone)
                return;
            _completing++;
            ReadResult completed = result with { CompletedTimestamp = _time.Now };
            _reading.Post(_time.Now, () =>
            {
                _completing--;
                _fetch.Completed(credit, completed, _reading.Cursor);
            });
        });
    }

    void IFetchEffects.Answer(FetchBatch batch)
    {
        _flash.Answered(batch);
        if (batch.Error is { } error)
            _caching.Post(_reading.Cursor, () => _residency.FetchFailed(batch, error));
        else
            _caching.Post(_reading.Cursor, () => _residency.Fetched(batch));
    }

    private static FetchSetup SetupOf(Scenario scenario, LayerCounters counts) => new()
    {
        Planner = new ReadPlanner(scenario.Cost, strideBytes: 1, scenario.ExtentSlotsMax, scenario.Keys.NeuronsPerLayer),
        Detector = scenario.DetectsBottleneck ? new BottleneckDetector(bytesPerMicroMax: 0.5) : null,
        AttemptsMax = scenario.AttemptsMax,
        QueueDepth = scenario.QueueDepth,
        Counts = counts,
        MicrosPerTick = 1,
    };

    private NeuronSet Rent(int[] neurons)
    {
        _rented++;
        NeuronSet set = new(neurons.Length);
        foreach (int neuron in neurons)
            set.Add(new NeuronId(neuron));
        return set;
    }

    private void UnlessGone(Action happens)
    {
        if (!_isGone)
            happens();
    }
}
