namespace Neuralink.Actors.Protocols;

/// <summary>
/// One job: a text to generate or to score. What it finds out leaves by the job's own ways, a channel or a task.
/// <code>
/// Engine                     Generation
///   | Run                        |
///   |---------------------------&gt;|   passes, until the job has what it wants
///   | Cancel                     |
///   |---------------------------&gt;|   the job is told its end when every lease is returned
/// </code>
/// </summary>
internal static class GenerationProtocol
{
    /// <summary>Run a job, which is Generation's from here on.</summary>
    /// <param name="Number">By which it can be cancelled.</param>
    /// <param name="Job">What is to be done.</param>
    public sealed record Run(long Number, IJob Job) : INoSerializationVerificationNeeded;

    /// <summary>Stop a job that may be over.</summary>
    public sealed record Cancel(long Number) : INoSerializationVerificationNeeded, IDeadLetterSuppression;
}

/// <summary>What Generation asks of a job, on its own thread.</summary>
internal interface IJob
{
    /// <summary>The job starts: nothing of an earlier one is left.</summary>
    public void Begin();

    /// <summary>The next pass.</summary>
    public PassProtocol.RunPass NextPass(PassId pass);

    /// <summary>Takes a pass's result; false when the job is complete.</summary>
    /// <exception cref="Storage.NeuralinkException">Nothing can be made of it; the job ends with this error.</exception>
    public bool Accept(PassProtocol.PassDone done);

    /// <summary>Says that the job is over: complete, or ended by <paramref name="error"/>.</summary>
    public void Finish(Exception? error);
}
