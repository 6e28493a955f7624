using Neuralink.Pipeline.Compute;
using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Reads;
using Neuralink.Studies.Simulation;

namespace Neuralink.Studies.Faults;

/// <summary>
/// Some jobs of some passes on a pipeline drawn by chance, as Generation and the engine run them: cancelled at any moment, failing with
/// their reads, broken off by a restart of all actors. After every event every invariant holds, and each job ends.
/// </summary>
internal sealed class FaultSimulation
{
    private const int EventsMax = 2_000_000;

    private readonly Scenario _scenario;
    private readonly VirtualTime _time = new();
    private readonly FlashLedger _flash;
    private readonly PassLedger _ledger;
    private SimulatedPipeline _pipeline;
    private long _lastPass;
    private int _jobsLeft;
    private int _job;              // number of the job that runs; later events of earlier ones mean nothing
    private int _passesLeft;
    private bool _isEnding;
    private bool _isQuiet = true;

    private FaultSimulation(int seed)
    {
        _scenario = new Scenario(seed);
        _flash = new FlashLedger(_scenario);
        _ledger = new PassLedger(_scenario, _flash);
        _pipeline = NewPipeline();
        _jobsLeft = _scenario.Random.Next(1, 5);
    }

    /// <summary>Runs a scenario to its end.</summary>
    /// <exception cref="InvalidOperationException">
    /// Something is wrong; the message has the seed, and the same seed finds it again.
    /// </exception>
    public static void Run(int seed)
    {
        try
        {
            new FaultSimulation(seed).RunJobs();
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"Seed {seed} fails (FaultSimulation.Run({seed}) finds it again): {error.Message}", error);
        }
    }

    private void RunJobs()
    {
        _time.At(0, StartJob);
        int events = 0;
        while (_time.Step())
        {
            if (_isQuiet)
                _pipeline.Check(_flash.InFlight);
            Invariant.Require(++events < EventsMax, "a scenario ends");
        }
        Invariant.Require((_jobsLeft, _passesLeft, _isQuiet, _pipeline.IsWarm) == (0, 0, true, true), "nothing waits for ever");
    }

    private SimulatedPipeline NewPipeline() => new(SetupOf(_scenario), _time, _ledger, _flash, Done, Ended);

    private static SimulationSetup SetupOf(Scenario scenario)
    {
        LayerCounters counts = new(scenario.Keys.LayerCount);
        int[] hottest = [.. Enumerable.Range(0, scenario.Keys.Count)];
        CachePolicy policy = CachePolicies.Create(scenario.Policy, scenario.Keys.Count, scenario.Limits.CachedMax, hottest);
        LookaheadGate gate = new(scenario.Keys.LayerCount, scenario.PrecisionMin);
        return new SimulationSetup
        {
            Keys = scenario.Keys,
            Cache = new CacheState(scenario.Limits, scenario.Keys, policy, gate, counts, scenario.WarmUp),
            Residency = new ResidencySetup
            {
                Limits = scenario.Limits,
                Strategy = scenario.Strategy,
                LayerCount = scenario.Keys.LayerCount,
                PlacementOf = layer => scenario.Placements[layer.Value],
            },
            Fetch = new FetchSetup
            {
                Planner = new ReadPlanner(scenario.Cost, strideBytes: 1, scenario.ExtentSlotsMax, scenario.Keys.NeuronsPerLayer),
                Detector = scenario.DetectsBottleneck ? new BottleneckDetector(bytesPerMicroMax: 0.5) : null,
                AttemptsMax = scenario.AttemptsMax,
                QueueDepth = scenario.QueueDepth,
                Counts = counts,
                MicrosPerTick = 1,
            },
            Lookahead = scenario.Strategy.ReadsAhead
                ? new LookaheadPlan(
                    scenario.Keys.LayerCount, scenario.LookaheadLayers, scenario.FirstCount, layer => layer % 4 != 3, scenario.LooksAgain)
                : LookaheadPlan.None,
            SharesThread = scenario.SharesThread,
            WakeTicks = scenario.WakeTicks,
        };
    }

    private void StartJob()
    {
        if (_jobsLeft == 0)
            return;
        _jobsLeft--;
        _passesLeft = _scenario.Random.Next(1, 6);
        _isEnding = false;
        int job = ++_job;
        if (_scenario.Random.Next(3) == 0)
            _time.At(_time.Now + _scenario.Random.Next(3000), () => IfRuns(job, End));
        if (_scenario.Random.Next(6) == 0)
            _time.At(_time.Now + _scenario.Random.Next(3000), () => IfRuns(job, Break));
        RunNext();
    }

    private void IfRuns(int job, Action happens)
    {
        if (job == _job && _passesLeft > 0)
            happens();
    }

    private void RunNext() => _pipeline.Run(new PassId(++_lastPass), looksAhead: _lastPass % 3 != 0);

    private void Done(PassId pass)
    {
        if (_isEnding)
            return;
        Invariant.Require(pass.Value == _lastPass, "a pass is done once");
        if (_passesLeft == 1)
        {
            End();
            return;
        }
        _passesLeft--;
        RunNext();
    }

    /// <summary>As Generation ends a job: at the end, after an error, or when it is cancelled.</summary>
    private void End()
    {
        if (_isEnding)
            return;
        _isEnding = true;
        _pipeline.Abandon(new PassId(_lastPass));
    }

    private void Ended(PassId pass, Exception? failure)
    {
        Invariant.Require(pass.Value == _lastPass, "the pass that runs is the one that is dropped");
        if (failure is not null)
        {
            End();
            return;
        }
        Invariant.Require(_isEnding, "nobody drops a pass unasked");
        _pipeline.CheckIdle();
        EndJob();
    }

    /// <summary>As the engine deals with an exception: the job is lost, and new actors start when no read is in flight.</summary>
    private void Break()
    {
        _pipeline.Break();
        _flash.Forget();
        _isQuiet = false;
        _passesLeft = 0;
        StartAnewWhenQuiet();
    }

    private void StartAnewWhenQuiet()
    {
        if (_flash.InFlight > 0)
        {
            _time.At(_time.Now + 1 + _scenario.Latency(), StartAnewWhenQuiet);
            return;
        }
        _pipeline = NewPipeline();
        _isQuiet = true;
        EndJob();
    }

    private void EndJob()
    {
        _passesLeft = 0;
        StartJob();
    }
}
