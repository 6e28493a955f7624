using Neuralink.Pipeline.Compute;
using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;

namespace Neuralink.Studies.Simulation;

/// <summary>
/// The engine's four machines under a virtual clock, wired as the actors wire them, each on a virtual thread. What they compute and read
/// is a model's and a device's; what happens next is decided by the machines alone.
/// </summary>
internal sealed class SimulatedPipeline : IComputeEffects, IPredictionEffects, IResidencyEffects, IFetchEffects
{
    private readonly SimulationSetup _setup;
    private readonly VirtualTime _time;
    private readonly ISimulatedModel _model;
    private readonly ISimulatedDevice _device;
    private readonly VirtualThread _computing, _predicting, _caching, _reading;
    private readonly ComputeMachine _compute;
    private readonly PredictionMachine _prediction;
    private readonly ResidencyMachine _residency;
    private readonly FetchMachine _fetch;
    private readonly Stack<NeuronSet> _idleSets = new();
    private readonly Action<PassId> _done;
    private readonly Action<PassId, Exception?> _ended;
    private readonly Read[] _reads;      // [credit]
    private long _workersBusyUntil;
    private int _rentedSets;
    private int _asked;           // batches that Io has
    private int _completing;      // reads that are back and not yet handled
    private bool _isGone;

    /// <param name="setup">The machines' setup.</param>
    /// <param name="time">The clock.</param>
    /// <param name="model">What is computed.</param>
    /// <param name="device">What is read from.</param>
    /// <param name="done">A pass is through.</param>
    /// <param name="ended">A pass was dropped, by an error or on demand.</param>
    public SimulatedPipeline(
        SimulationSetup setup, VirtualTime time, ISimulatedModel model, ISimulatedDevice device, Action<PassId> done,
        Action<PassId, Exception?> ended)
    {
        (_setup, _time, _model, _device, _done, _ended) = (setup, time, model, device, done, ended);
        _computing = new VirtualThread(time);
        (_predicting, _caching) = setup.SharesThread ? (_computing, _computing) : (new VirtualThread(time), new VirtualThread(time));
        _reading = new VirtualThread(time);
        ResidencySetup residency = setup.Residency;
        _compute = new ComputeMachine(
            residency.LayerCount, residency.Strategy.ComputesHitsEarly, looksAheadFirst: setup.Lookahead.FirstCount > 0, this);
        _prediction = new PredictionMachine(setup.Lookahead, this);
        _residency = new ResidencyMachine(setup.Cache, residency, this);
        _fetch = new FetchMachine(setup.Fetch, this);
        _reads = [.. Enumerable.Range(0, setup.Fetch.QueueDepth).Select(credit => new Read(this, credit))];
        _caching.Post(time.Now, _residency.WarmUp);
    }

    /// <summary>Whether nothing is read any more only because there is room for it.</summary>
    public bool IsWarm { get; private set; }

    /// <summary>Is told what is computed, for which layer, and when it begins and ends.</summary>
    public Action<string, int, long, long>? Computed { get; set; }

    /// <summary>A pass is to be run, with looking ahead or without.</summary>
    public void Run(PassId pass, bool looksAhead = true) => _computing.Post(_time.Now, () => _compute.Run(pass, looksAhead));

    /// <summary>A pass is to be dropped.</summary>
    public void Abandon(PassId pass) => _computing.Post(_time.Now, () => _compute.Abandon(pass));

    /// <summary>The actors are gone, whatever they were at; reads come back to nobody.</summary>
    public void Break()
    {
        _isGone = true;
        foreach (VirtualThread thread in (VirtualThread[])[_computing, _predicting, _caching, _reading])
            thread.Clear();
    }

    /// <summary>Makes the next thing happen; false when nothing will happen any more.</summary>
    public bool Step()
    {
        if (_device.EndsNow(isQuiet: false) is { } early)
            EndNow(early);
        else if (_time.Step())
            return true;
        else if (_device.EndsNow(isQuiet: true) is { } late)
            EndNow(late);
        else
            return false;
        return true;
    }

    /// <summary>Throws unless the cache is in order, and a credit is lent for each read of so many that the device has.</summary>
    public void Check(int inFlight)
    {
        _setup.Cache.CheckInvariants();
        Invariant.Require(_fetch.InFlight == inFlight + _completing, "a credit is lent for each read");
    }

    /// <summary>Throws unless nothing is left of a pass that was dropped.</summary>
    public void CheckIdle()
    {
        CacheState cache = _setup.Cache;
        Invariant.Require((cache.LeasedCount, cache.PrefetchedCount) == (0, 0), "no frame is leased or prefetched");
        if (!IsWarm)
            return;      // reads that nobody waits for go on
        Invariant.Require((_residency.FetchingCount, _asked, _fetch.InFlight) == (0, 0, 0), "no fetch, batch or read is out");
        Invariant.Require(_rentedSets == 0, "no set is out");
        Invariant.Require(_reading.WaitingCount == 0, "no message waits for Io");
    }

    void IComputeEffects.Embed() => UseWorkers(_computing, "embedding", default, _model.Embed());

    void IComputeEffects.AnnouncePass(PassId pass, bool looksAhead) =>
        Tell(_computing, _predicting, () => _prediction.PassBegun(pass, batch: 1, looksAhead));

    void IComputeEffects.Attend(LayerIndex layer) => UseWorkers(_computing, "attention", layer, _model.Attend(layer));

    void IComputeEffects.AnnounceLayer(PassId pass, LayerIndex layer) =>
        Tell(_computing, _predicting, () => _prediction.LayerReached(pass, layer, batch: 1));

    void IComputeEffects.Activate(LayerIndex layer, FrameLease lease, ReadOnlyMemory<int> ordinals, bool areHits) =>
        UseWorkers(_computing, areHits ? "hits" : "arrived", layer, _model.Activate(layer, lease, ordinals));

    void IComputeEffects.AddDown(LayerIndex layer, FrameLease lease) =>
        UseWorkers(_computing, "down", layer, _model.AddDown(layer, lease));

    void IComputeEffects.BeginWait(LayerIndex layer) => _model.BeginWait(layer, _computing.Cursor);

    void IComputeEffects.EndWait(LayerIndex layer, FrameLease lease) => _model.EndWait(layer, _computing.Cursor);

    void IComputeEffects.Return(PassId pass) => Tell(_computing, _caching, () => _residency.Returned(pass));

    void IComputeEffects.LeaveLayer(LayerIndex layer) => _model.LeaveLayer(layer);

    void IComputeEffects.Finish(PassId pass)
    {
        UseWorkers(_computing, "logits", default, _model.Finish());
        _time.At(_computing.Cursor, () => UnlessGone(() => _done(pass)));
    }

    void IComputeEffects.Abandon(PassId pass) => Tell(_computing, _predicting, () => _prediction.Abandon(pass));

    void IComputeEffects.EndAbandoned(PassId pass, Exception? failure) =>
        _time.At(_computing.Cursor, () => UnlessGone(() => _ended(pass, failure)));

    void IPredictionEffects.BeginPass(int batch)
    {
    }

    void IPredictionEffects.Predict(PassId pass, LayerIndex layer, int batch)
    {
        NeuronSet active = RentSet();
        UseWorkers(_predicting, "predictor", layer, _model.Predict(layer, active));
        Tell(_predicting, _caching, () => _residency.Needed(pass, layer, active));
    }

    void IPredictionEffects.LookAhead(PassId pass, LayerIndex target, LookaheadRank rank, int input, int batch)
    {
        NeuronSet named = RentSet();
        UseWorkers(_predicting, "lookahead", target, _model.LookAhead(target, rank, named));
        Tell(_predicting, _caching, () => _residency.MayBeNeeded(pass, target, named, rank));
    }

    void IPredictionEffects.Yield(PassId pass) => Tell(_predicting, _predicting, () => _prediction.Continue(pass));

    void IPredictionEffects.ReleaseWorkers(PassId pass) => Tell(_predicting, _computing, () => _compute.Predicted(pass));

    void IPredictionEffects.Abandon(PassId pass) => Tell(_predicting, _caching, () => _residency.Abandon(pass));

    void IResidencyEffects.Fetch(FetchBatch batch)
    {
        _asked++;
        _device.Asked(batch);
        Tell(_caching, _reading, () => _fetch.Fetch(batch, _reading.Cursor));
    }

    void IResidencyEffects.Hasten(FetchBatch batch) => Tell(_caching, _reading, () => _fetch.Hasten(batch, _reading.Cursor));

    void IResidencyEffects.Grant(PassId pass, FrameLease lease) => Tell(_caching, _computing, () => _compute.Granted(pass, lease));

    void IResidencyEffects.Arrived(PassId pass, ReadOnlyMemory<int> ordinals, bool isLast) =>
        Tell(_caching, _computing, () => _compute.Arrived(pass, ordinals, isLast));

    void IResidencyEffects.Unavailable(PassId pass, Exception error) =>
        Tell(_caching, _computing, () => _compute.Unavailable(pass, error));

    void IResidencyEffects.AllReturned(PassId pass) => Tell(_caching, _computing, () => _compute.AllReturned(pass));

    void IResidencyEffects.Release(NeuronSet neurons)
    {
        _rentedSets--;
        _idleSets.Push(neurons);
    }

    void IResidencyEffects.WarmedUp()
    {
        Invariant.Require(!IsWarm, "the cache is warm once");
        IsWarm = true;
    }

    void IFetchEffects.Submit(int credit, ReadTicket read)
    {
        if (_device.Begin(credit, read, _reading.Cursor) is { } end)
            _time.At(end, _reads[credit].End);
    }

    void IFetchEffects.Answer(FetchBatch batch)
    {
        _asked--;
        _device.Answered(batch);
        if (batch.Error is { } error)
            Tell(_reading, _caching, () => _residency.FetchFailed(batch, error));
        else
            Tell(_reading, _caching, () => _residency.Fetched(batch));
    }

    private void EndNow(int credit)
    {
        ReadResult result = _device.End(credit, _time.Now);
        _reading.HandleNow(() => _fetch.Completed(credit, result, _time.Now));
    }

    private void End(Read read)
    {
        read.Result = _device.End(read.Credit, _time.Now);
        if (_isGone)
            return;
        _completing++;
        _reading.Post(_time.Now + _setup.WakeTicks, read.Complete);
    }

    private void Complete(Read read)
    {
        _completing--;
        _reading.Work(_device.Check(_fetch.Reading(read.Credit), _reading.Cursor));
        _fetch.Completed(read.Credit, read.Result, _reading.Cursor);
    }

    private void Tell(VirtualThread from, VirtualThread to, Action handle) =>
        to.Post(ReferenceEquals(from, to) ? from.Cursor : from.Cursor + _setup.WakeTicks, handle);

    private void UseWorkers(VirtualThread thread, string what, LayerIndex layer, long ticks)
    {
        Invariant.Require(thread.Cursor >= _workersBusyUntil, "the workers have one user at a time");
        Computed?.Invoke(what, layer.Value, thread.Cursor, thread.Cursor + ticks);
        thread.Work(ticks);
        _workersBusyUntil = thread.Cursor;
    }

    private NeuronSet RentSet()
    {
        _rentedSets++;
        NeuronSet set = _idleSets.Count > 0 ? _idleSets.Pop() : new NeuronSet(_setup.Keys.NeuronsPerLayer);
        set.Clear();
        return set;
    }

    private void UnlessGone(Action happens)
    {
        if (!_isGone)
            happens();
    }

    /// <summary>What happens to a read of a credit; there are many, so it is made once.</summary>
    private sealed class Read
    {
        public Read(SimulatedPipeline pipeline, int credit)
        {
            Credit = credit;
            End = () => pipeline.End(this);
            Complete = () => pipeline.Complete(this);
        }

        public int Credit { get; }

        public ReadResult Result { get; set; }

        public Action End { get; }

        public Action Complete { get; }
    }
}
