using Neuralink.Actors.Hosting;
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
    private PassId _pass;

    public GenerationActor(GenerationSetup setup, IActorRef compute)
    {
        _setup = setup;
        _compute = compute;
        Become(Idle);
    }

    public static Props Props(GenerationSetup setup, IActorRef compute) =>
        Akka.Actor.Props.Create(() => new GenerationActor(setup, compute)).WithDispatcher(ActorHosting.ComputeDispatcher);

    private void Idle()
    {
        Receive<GenerationProtocol.Generate>(generate => Start(generate.Job, new TextJob(_setup, generate.Text, generate.Events)));
        Receive<GenerationProtocol.Score>(score => Start(score.Job, new ScoreJob(_setup, score.Request, score.Result)));
        Receive<GenerationProtocol.Cancel>(_ => { });                                     // its job was over
    }

    private void Running(long number, IJob job)
    {
        Receive<GenerationProtocol.Cancel>(cancel =>
        {
            if (cancel.Job == number)
                End(job, new OperationCanceledException());
        });
        Receive<PassProtocol.PassDone>(done => Continue(job, done));
        Receive<PassProtocol.PassFailed>(failed => End(job, failed.Error));
    }

    /// <summary>The job is over. Nobody is told before nothing of it is left in the pipeline, so that the next one starts clean.</summary>
    private void Ending(IJob job, Exception? error)
    {
        Receive<PassProtocol.PassAbandoned>(_ =>
        {
            Become(Idle);
            job.Finish(error);
        });
        // What the pipeline had said before it was told; and who cancels what ends anyway.
        Receive<PassProtocol.PassDone>(_ => { });
        Receive<PassProtocol.PassFailed>(_ => { });
        Receive<GenerationProtocol.Cancel>(_ => { });
    }

    private void Start(long number, IJob job)
    {
        Become(() => Running(number, job));
        RunNext(job);
    }

    private void Continue(IJob job, PassProtocol.PassDone done)
    {
        try
        {
            if (job.Accept(done))
                RunNext(job);
            else
                End(job, error: null);
        }
        catch (Storage.NeuralinkException error)
        {
            End(job, error);                                                              // logits that no token can be chosen from
        }
    }

    private void RunNext(IJob job)
    {
        _pass = new PassId(_pass.Value + 1);
        _compute.Tell(job.NextPass(_pass), Self);
    }

    private void End(IJob job, Exception? error)
    {
        Become(() => Ending(job, error));
        _compute.Tell(new PassProtocol.AbandonPass(_pass), Self);
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
