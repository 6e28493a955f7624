using Neuralink.Actors.Protocols;
using Neuralink.Models.Inference;
using Neuralink.Pipeline.Scheduling;

namespace Neuralink.Actors.Generation;

/// <summary>A job with its keys and values, and what the pass that runs has of it.</summary>
internal sealed class RunningJob
{
    private readonly TakeLogits _takeLogits;
    private bool _hasBegun;

    public RunningJob(SequenceId number, IJob job, KvSequence sequence, LayerCounters spent)
    {
        (Number, Job, Sequence, Spent) = (number, job, sequence, spent);
        _takeLogits = (index, logits) => job.TakeLogits(Computed + index, logits);
    }

    public SequenceId Number { get; }

    public IJob Job { get; }

    public KvSequence Sequence { get; }

    /// <summary>Its share of what its passes took.</summary>
    public LayerCounters Spent { get; }

    /// <summary>Tokens whose keys and values are there.</summary>
    public int Computed { get; private set; }

    /// <summary>Whether it ends when the pass that runs has ended.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>It is admitted.</summary>
    /// <returns>Tokens that need no pass.</returns>
    public int Attach()
    {
        Computed = Job.SharesPrefix ? Sequence.Attach(Job.Tokens.Span) : 0;
        if (!_hasBegun)
            Job.Begin(Computed);
        _hasBegun = true;
        return Computed;
    }

    /// <summary>What a pass has of it.</summary>
    public SequencePart Part(int rows)
    {
        int end = Computed + rows;
        return new SequencePart(Sequence, Job.Tokens[Computed..end], Job.LogitsWanted(Computed, end), _takeLogits);
    }

    /// <summary>The pass is through.</summary>
    /// <returns>False when the job is complete.</returns>
    public bool Advance(int rows)
    {
        Computed += rows;
        bool goesOn = Job.Accept(Computed);
        if (Job.SharesPrefix)
            Sequence.Offer(Job.Tokens.Span, Computed);
        return goesOn;
    }

    /// <summary>The pass failed: the sequence is what it was before.</summary>
    public void RollBack() => Sequence.Truncate(Computed);

    /// <summary>Gives its blocks back.</summary>
    public void Release()
    {
        if (Job.SharesPrefix)
            Sequence.EndKept(Job.Tokens.Span, Computed);
        else
            Sequence.Truncate(0);
        Computed = 0;
    }
}
