using Neuralink.Actors.Hosting;
using Neuralink.Actors.Protocols;
using Neuralink.Models.Inference;
using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Scheduling;

namespace Neuralink.Actors.Generation;

/// <summary>
/// Runs all jobs, pass after pass: <see cref="Scheduler"/> says which of them share the next one. One actor has them all, since whoever
/// puts a pass together must know every sequence. See <see cref="GenerationProtocol"/> and <see cref="PassProtocol"/>.
/// <code>
/// Idle --(a job that can run)--> Passing --(no job can)--> Idle
///                                   |
///                                   +--(the last job ends, or its pass is dropped)--> Settling --PassAbandoned--> Idle
/// </code>
/// A pass that fails is run again for each of its jobs alone: so a fault ends only those jobs that need what cannot be read.
/// </summary>
internal sealed class GenerationActor : ReceiveActor, ISequenceBlocks
{
    private readonly GenerationSetup _setup;
    private readonly IActorRef _compute;
    private readonly Scheduler _scheduler;
    private readonly Dictionary<SequenceId, RunningJob> _jobs = [];
    private readonly List<(RunningJob Job, int Rows)> _parts = [];                 // of the pass that runs
    private readonly List<(RunningJob Job, Exception? Error)> _ended = [];
    private readonly LayerCounters _counted;                                       // what has been shared out
    private readonly LookaheadTrial? _trial;                                       // null where every pass does as the strategy says
    private int _rows;                                                             // of the pass that runs
    private PassId _pass;
    private long _passStart;
    private bool _isPassing;

    public GenerationActor(GenerationSetup setup, IActorRef compute)
    {
        _setup = setup;
        _compute = compute;
        _scheduler = new Scheduler(setup.Limits, this);
        _counted = new LayerCounters(setup.Counters.LayerCount);
        _trial = setup.TriesLookahead ? new LookaheadTrial() : null;
        Become(Idle);
    }

    int ISequenceBlocks.AvailableCount => _setup.Blocks.AvailableCount;

    public static Props Props(GenerationSetup setup, IActorRef compute) =>
        Akka.Actor.Props.Create(() => new GenerationActor(setup, compute)).WithDispatcher(ActorHosting.ComputeDispatcher);

    int ISequenceBlocks.CountFor(SequenceId id, int positions) =>
        Math.Max(0, KvBlockPool.BlocksFor(positions, _setup.Blocks.BlockPositions) - _jobs[id].Sequence.Blocks.Length);

    int ISequenceBlocks.Attach(SequenceId id) => _jobs[id].Attach();

    void ISequenceBlocks.Release(SequenceId id) => _jobs[id].Release();

    private void Idle()
    {
        Receive<GenerationProtocol.Run>(run =>
        {
            Add(run);
            RunNext();
        });
        Receive<GenerationProtocol.Cancel>(cancel => CancelResting(cancel.Number));
        Receive<GenerationProtocol.Resume>(resume =>
        {
            _scheduler.SetPaused(resume.Number, isPaused: false);
            RunNext();
        });
    }

    private void Passing()
    {
        Receive<GenerationProtocol.Run>(Add);
        Receive<GenerationProtocol.Cancel>(cancel => CancelAny(cancel.Number));
        Receive<GenerationProtocol.Resume>(resume => _scheduler.SetPaused(resume.Number, isPaused: false));
        Receive<PassProtocol.PassDone>(_ => EndPass());
        Receive<PassProtocol.PassFailed>(failed => EndFailed(failed.Error));
    }

    /// <summary>
    /// No job is left that runs. The last ones are told when nothing of their passes is left in the pipeline, so that what they are charged
    /// is complete, and the next one starts clean.
    /// </summary>
    private void Settling()
    {
        Receive<PassProtocol.PassAbandoned>(_ => Settle());
        // What the pipeline had said before it was told.
        Receive<PassProtocol.PassDone>(_ => { });
        Receive<PassProtocol.PassFailed>(_ => { });
        Receive<GenerationProtocol.Run>(Add);
        Receive<GenerationProtocol.Cancel>(cancel =>
        {
            if (!_ended.Exists(end => end.Job.Number == cancel.Number))
                CancelResting(cancel.Number);
        });
        Receive<GenerationProtocol.Resume>(resume => _scheduler.SetPaused(resume.Number, isPaused: false));
    }

    private void Add(GenerationProtocol.Run run)
    {
        RunningJob job = new(
            run.Number, run.Job, new KvSequence(_setup.Blocks, _setup.PositionsMax), new LayerCounters(_counted.LayerCount));
        _jobs.Add(run.Number, job);
        _scheduler.Add(run.Number, run.Job.Tokens.Length);
        _setup.Gauges.Set(_scheduler, _setup.Blocks);
    }

    private void RunNext()
    {
        if (_jobs.Count > 0 && !_isPassing)
            _counted.CopyFrom(_setup.Counters);      // what nobody's pass took
        IReadOnlyList<PassShare> shares = _scheduler.Next();
        _setup.Gauges.Set(_scheduler, _setup.Blocks);
        if (shares.Count == 0)
        {
            Rest();
            return;
        }
        SequencePart[] parts = new SequencePart[shares.Count];
        _parts.Clear();
        _rows = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            RunningJob job = _jobs[shares[i].Id];
            parts[i] = job.Part(shares[i].Rows);
            _parts.Add((job, shares[i].Rows));
            _rows += shares[i].Rows;
        }
        _pass = new PassId(_pass.Value + 1);
        _passStart = _setup.Time.GetTimestamp();
        _compute.Tell(new PassProtocol.RunPass(_pass, parts, _trial?.Begin(_rows) ?? true), Self);
        if (!_isPassing)
            Become(Passing);
        _isPassing = true;
    }

    private void Rest()
    {
        _parts.Clear();      // keeps no job that has ended
        if (_isPassing)
            Become(Idle);
        _isPassing = false;
    }

    private void EndPass()
    {
        _trial?.End(PassCost.Of(_rows, _setup.Counters, _counted, _setup.Time.GetElapsedTime(_passStart).TotalMicroseconds));
        _setup.PassEnded?.Invoke(new PassEnded(_pass, _passStart, _parts, _counted));
        ShareOut(_parts);
        foreach ((RunningJob job, int rows) in _parts)
        {
            try
            {
                if (job.IsCancelled)
                    _ended.Add((job, new OperationCanceledException()));
                else if (!job.Advance(rows))
                    _ended.Add((job, null));
                else
                    GoOn(job, rows);
            }
            catch (Storage.NeuralinkException error)
            {
                _ended.Add((job, error));      // logits that no token can be chosen from
            }
        }
        AfterPass();
    }

    private void GoOn(RunningJob job, int rows)
    {
        _scheduler.Advance(new PassShare(job.Number, rows), job.Job.Tokens.Length);
        if (job.Job.IsPaused)
            _scheduler.SetPaused(job.Number, isPaused: true);
    }

    private void EndFailed(Exception error)
    {
        ShareOut(_parts);
        foreach ((RunningJob job, _) in _parts)
        {
            job.RollBack();
            if (job.IsCancelled)
                _ended.Add((job, new OperationCanceledException()));
            else if (_parts.Count == 1)
                _ended.Add((job, error));
        }
        if (_parts.Count > 1)
            _scheduler.RunAlone(_parts.Select(part => new PassShare(part.Job.Number, part.Rows)));
        AfterPass();
    }

    private void AfterPass()
    {
        if (_ended.Count > 0 && _ended.Count == _jobs.Count)
        {
            DropPass();
            return;
        }
        EndAll();
        RunNext();
    }

    /// <summary>A job that may have a part in the pass that runs.</summary>
    private void CancelAny(SequenceId number)
    {
        int index = _parts.FindIndex(part => part.Job.Number == number);
        if (index < 0)
        {
            CancelResting(number);
            return;
        }
        _parts[index].Job.IsCancelled = true;
        if (!_parts.TrueForAll(part => part.Job.IsCancelled))
            return;      // the others want the pass
        foreach ((RunningJob job, _) in _parts)
            _ended.Add((job, new OperationCanceledException()));
        DropPass();
    }

    private void CancelResting(SequenceId number)
    {
        if (_jobs.TryGetValue(number, out RunningJob? job))
            End(job, new OperationCanceledException());
    }

    private void DropPass()
    {
        Become(Settling);
        _compute.Tell(new PassProtocol.AbandonPass(_pass), Self);
    }

    private void Settle()
    {
        ShareOut([.. _ended.Select(end => (end.Job, 1))]);
        EndAll();
        _isPassing = false;
        Become(Idle);
        RunNext();
    }

    private void EndAll()
    {
        foreach ((RunningJob job, Exception? error) in _ended)
            End(job, error);
        _ended.Clear();
    }

    private void End(RunningJob job, Exception? error)
    {
        _scheduler.Remove(job.Number);
        _jobs.Remove(job.Number);
        _setup.Gauges.Set(_scheduler, _setup.Blocks);
        job.Job.Finish(job.Spent, error);
    }

    /// <summary>Charges the jobs of a pass for what was counted since the last one ended, by their rows.</summary>
    private void ShareOut(List<(RunningJob Job, int Rows)> parts)
    {
        int rows = 0, begin = 0;
        foreach ((_, int count) in parts)
            rows += count;
        foreach ((RunningJob job, int count) in parts)
        {
            job.Spent.AddShare(_setup.Counters, _counted, begin, begin + count, rows);
            begin += count;
        }
        _counted.CopyFrom(_setup.Counters);
    }
}
