using Neuralink.Actors.Protocols;

namespace Neuralink.Actors.Generation;

/// <summary>
/// Runs one job at a time: a text or a score. Cuts the prompt into passes, chooses each token from the pass's logits, and lets tokens out
/// through the job's channel. See <see cref="GenerationProtocol"/> and <see cref="PassProtocol"/>.
/// </summary>
internal sealed class GenerationActor : ReceiveActor
{
    private readonly GenerationSetup _setup;
    private readonly IActorRef _compute;
    private IJob? _job;
    private long _jobNumber;
    private bool _isEnding;
    private Exception? _error;
    private PassId _pass;

    public GenerationActor(GenerationSetup setup, IActorRef compute)
    {
        _setup = setup;
        _compute = compute;
        Receive<GenerationProtocol.Generate>(generate => Start(generate.Job, new TextJob(setup, generate.Text, generate.Events)));
        Receive<GenerationProtocol.Score>(score => Start(score.Job, new ScoreJob(setup, score.Request, score.Result)));
        Receive<GenerationProtocol.Cancel>(_ => End(new OperationCanceledException()), cancel => _job is not null && cancel.Job == _jobNumber);
        Receive<GenerationProtocol.Cancel>(_ => { });                                     // it was over
        Receive<PassProtocol.PassDone>(Continue, done => done.Pass == _pass && !_isEnding);
        Receive<PassProtocol.PassDone>(_ => { });                                         // cancelled meanwhile
        Receive<PassProtocol.PassFailed>(failed => End(failed.Error), failed => failed.Pass == _pass);
        Receive<PassProtocol.PassAbandoned>(_ => Finish());
    }

    private void Start(long number, IJob job)
    {
        if (_job is not null)
            throw new InvalidOperationException($"Job {_jobNumber} is running; job {number} must wait.");
        (_job, _jobNumber, _isEnding, _error) = (job, number, false, null);
        RunNext();
    }

    private void Continue(PassProtocol.PassDone done)
    {
        try
        {
            if (_job!.Accept(done))
                RunNext();
            else
                End(error: null);
        }
        catch (Storage.NeuralinkException error)
        {
            End(error);                                                                   // logits that no token can be chosen from
        }
    }

    private void RunNext()
    {
        _pass = new PassId(_pass.Value + 1);
        _compute.Tell(_job!.NextPass(_pass), Self);
    }

    /// <summary>The job is over; it is said to be when nothing of it is left in the pipeline, so that the next one starts clean.</summary>
    private void End(Exception? error)
    {
        _error ??= error;
        if (_isEnding)
            return;
        _isEnding = true;
        _compute.Tell(new PassProtocol.AbandonPass(_pass), Self);
    }

    private void Finish()
    {
        IJob job = _job!;
        _job = null;
        job.Finish(_error);
    }
}

/// <summary>What the actor asks of the two kinds of job.</summary>
internal interface IJob
{
    /// <summary>The next pass.</summary>
    public PassProtocol.RunPass NextPass(PassId pass);

    /// <summary>Takes a pass's result; false when the job is complete.</summary>
    public bool Accept(PassProtocol.PassDone done);

    /// <summary>Says that the job is over: complete, or ended by <paramref name="error"/>.</summary>
    public void Finish(Exception? error);
}
