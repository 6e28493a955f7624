using Neuralink.Pipeline.Scheduling;

namespace Neuralink.Actors.Protocols;

/// <summary>
/// Jobs: texts to generate or to score. What they find out leaves by their own ways, a channel or a task.
/// <code>
/// Engine                     Generation
///   | Run                        |
///   |---------------------------&gt;|   passes, together with other jobs, until the job has what it wants
///   | Resume                     |
///   |---------------------------&gt;|   what a paused job had made is being read
///   | Cancel                     |
///   |---------------------------&gt;|   the job is told its end when nothing of it is left
/// </code>
/// </summary>
internal static class GenerationProtocol
{
    /// <summary>Run a job, which is Generation's from here on.</summary>
    /// <param name="Number">By which it can be cancelled.</param>
    /// <param name="Job">What is to be done.</param>
    public sealed record Run(SequenceId Number, IJob Job) : INoSerializationVerificationNeeded;

    /// <summary>Go on with a job that was paused.</summary>
    public sealed record Resume(SequenceId Number) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    /// <summary>Stop a job that may be over.</summary>
    public sealed record Cancel(SequenceId Number) : INoSerializationVerificationNeeded, IDeadLetterSuppression;
}

/// <summary>What Generation asks of a job, on its own thread. A job is one sequence of tokens.</summary>
internal interface IJob
{
    /// <summary>The tokens that are known: given, and chosen so far. Those that are there do not change.</summary>
    public ReadOnlyMemory<int> Tokens { get; }

    /// <summary>Whether its keys and values may be those of another job that began alike, and are kept for later ones.</summary>
    public bool SharesPrefix { get; }

    /// <summary>Whether nobody reads what it has made.</summary>
    public bool IsPaused { get; }

    /// <summary>The job has a place among those that run.</summary>
    /// <param name="reused">Tokens that need no pass: what is known of the job's beginning.</param>
    public void Begin(int reused);

    /// <summary>Of how many of the last tokens of a part, begin to end, the logits are wanted.</summary>
    public int LogitsWanted(int begin, int end);

    /// <summary>Takes what follows a token: quick, and never throwing.</summary>
    /// <param name="position">The token's, in <see cref="Tokens"/>.</param>
    /// <param name="logits">[vocabulary], valid during the call.</param>
    public void TakeLogits(int position, ReadOnlySpan<float> logits);

    /// <summary>A pass with a part of the job is through, and all its logits have been taken.</summary>
    /// <param name="computed">Tokens that have been run.</param>
    /// <returns>False when the job is complete.</returns>
    /// <exception cref="Storage.NeuralinkException">Nothing can be made of it; the job ends with this error.</exception>
    public bool Accept(int computed);

    /// <summary>Says that the job is over: complete, or ended by <paramref name="error"/>.</summary>
    /// <param name="spent">Its share of what its passes took.</param>
    /// <param name="error">Why it ended, or null.</param>
    public void Finish(LayerCounters spent, Exception? error);
}
