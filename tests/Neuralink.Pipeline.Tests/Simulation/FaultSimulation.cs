using Neuralink.Pipeline.Compute;

namespace Neuralink.Pipeline.Tests.Simulation;

/// <summary>
/// Some jobs of some passes on a pipeline drawn by chance, as Generation and the engine run them: cancelled at any moment, failing with
/// their reads, broken off
/// by a restart of all actors. After every event every invariant holds, and each job ends.
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
    /// <exception cref="InvalidOperationException">Something is wrong; the message has the seed, and the same seed finds it
    /// again.</exception>
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
                _pipeline.Check();
            (++events).Should().BeLessThan(EventsMax, "a scenario ends");
        }
        (_jobsLeft, _passesLeft, _isQuiet).Should().Be((0, 0, true), "nothing waits for ever");
    }

    private SimulatedPipeline NewPipeline() => new(_scenario, _time, _flash, _ledger, Done, Ended);

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

    private void RunNext() => _pipeline.Run(new PassId(++_lastPass));

    private void Done(PassId pass)
    {
        if (_isEnding)
            return;
        pass.Value.Should().Be(_lastPass);
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
        pass.Value.Should().Be(_lastPass);
        if (failure is not null)
        {
            End();
            return;
        }
        _isEnding.Should().BeTrue("nobody drops a pass unasked");
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
        _ledger.Reset();
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
