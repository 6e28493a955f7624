using Neuralink.Actors.Protocols;
using Neuralink.Storage;

namespace Neuralink.Actors.Generation;

/// <summary>A given text being scored: every token but the last predicts the one after it.</summary>
internal sealed class ScoreJob(GenerationSetup setup, ReadOnlyMemory<int> tokens, TaskCompletionSource<ScoreResult> result) : IJob
{
    private readonly int _count = tokens.Length - 1;
    private int _done;
    private double _negativeLogLikelihood;

    public PassProtocol.RunPass NextPass(PassId pass)
    {
        int begin = _done, count = Math.Min(setup.ChunkTokens, _count - _done);
        _done += count;
        return new PassProtocol.RunPass(pass, tokens.Slice(begin, count), begin, WantsLogits: false, tokens.Slice(begin + 1, count), _negativeLogLikelihood);
    }

    public bool Accept(PassProtocol.PassDone done)
    {
        _negativeLogLikelihood = double.IsFinite(done.Score)
            ? done.Score
            : throw new NeuralinkException("score the text", "finite logits", $"{done.Score}", "the model's weights or the text overflow its numbers");
        return _done < _count;
    }

    public void Finish(Exception? error)
    {
        if (error is OperationCanceledException)
            result.TrySetCanceled();
        else if (error is not null)
            result.TrySetException(error);
        else
            result.TrySetResult(new ScoreResult(_count, _negativeLogLikelihood));
    }
}
