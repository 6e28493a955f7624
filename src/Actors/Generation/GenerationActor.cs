using Neuralink.Actors.Hosting;
using Neuralink.Actors.Protocols;

namespace Neuralink.Actors.Generation;

/// <summary>
/// Runs one job at a time, pass after pass: the job says which pass is next and takes what it gave.
/// See <see cref="GenerationProtocol"/> and <see cref="PassProtocol"/>.
/// </summary>
internal sealed class GenerationActor : ReceiveActor
{
    private readonly IActorRef _compute;
    private PassId _pass;

    public GenerationActor(IActorRef compute)
    {
        _compute = compute;
        Become(Idle);
    }

    public static Props Props(IActorRef compute) =>
        Akka.Actor.Props.Create(() => new GenerationActor(compute)).WithDispatcher(ActorHosting.ComputeDispatcher);

    private void Idle()
    {
        Receive<GenerationProtocol.Run>(run => Start(run.Number, run.Job));
        Receive<GenerationProtocol.Cancel>(_ => { });                                     // its job was over
    }

    private void Running(long number, IJob job)
    {
        Receive<GenerationProtocol.Cancel>(cancel =>
        {
            if (cancel.Number == number)
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
        job.Begin();
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
