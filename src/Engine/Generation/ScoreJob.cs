using Neuralink.Actors.Protocols;
using Neuralink.Models.Inference;
using Neuralink.Storage;

namespace Neuralink;

/// <summary>A given text being scored: every token but the last predicts the one after it.</summary>
internal sealed class ScoreJob(JobSetup setup, ScoreRequest request, TaskCompletionSource<ScoreResult> result) : IJob
{
    private readonly ReadOnlyMemory<int> _tokens = request.Tokens;
    private readonly int _count = request.Tokens.Length - 1;
    private KvSequence? _sequence;
    private LayerCounters? _before;
    private int _begin;      // of the pass that runs
    private int _done;
    private double _negativeLogLikelihood;

    public void Begin()
    {
        _sequence = setup.Sequences.Take();
        _before = setup.Counters.Snapshot();
    }

    public PassProtocol.RunPass NextPass(PassId pass)
    {
        _begin = _done;
        _done += Math.Min(setup.ChunkTokens, _count - _done);
        // A chunk that is context alone has no target.
        int firstTarget = Math.Clamp(request.ContextTokens, _begin + 1, _done + 1);
        return new PassProtocol.RunPass(pass, [new SequencePart(_sequence!, _tokens[_begin.._done], _done + 1 - firstTarget, Score)]);
    }

    public bool Accept(PassProtocol.PassDone done)
    {
        if (!double.IsFinite(_negativeLogLikelihood))
        {
            throw new NeuralinkException(
                "score the text", "finite logits", $"{_negativeLogLikelihood}", "the model's weights or the text overflow its numbers");
        }
        return _done < _count;
    }

    public void Finish(Exception? error)
    {
        if (_sequence is not null)
            setup.Sequences.Return([]);
        if (error is OperationCanceledException)
            result.TrySetCanceled();
        else if (error is not null)
            result.TrySetException(error);
        else
            result.TrySetResult(Result());
    }

    // A running sum, so that it has one order whatever the chunks.
    private void Score(int index, ReadOnlySpan<float> logits)
    {
        int target = _begin + index + 1;
        _negativeLogLikelihood += Likelihood.NegativeLog(logits, _tokens.Span[target]);
        request.ReadLogits?.Invoke(target, logits);
    }

    private ScoreResult Result()
    {
        LayerCounters spent = setup.Counters.Snapshot().Since(_before!);
        IoMetrics io = new(spent, layer: null, setup.Config.FfnSize, setup.PayloadBytes, setup.Time);
        return new ScoreResult(_tokens.Length - request.ContextTokens, _negativeLogLikelihood, io);
    }
}
