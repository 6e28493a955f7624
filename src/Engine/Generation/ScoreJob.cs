using Neuralink.Actors.Protocols;
using Neuralink.Storage;

namespace Neuralink;

/// <summary>A given text being scored: every token but the last predicts the one after it.</summary>
internal sealed class ScoreJob(JobSetup setup, ScoreRequest request, TaskCompletionSource<ScoreResult> result) : IJob
{
    private readonly ReadOnlyMemory<int> _tokens = request.Tokens;
    private readonly int _count = request.Tokens.Length - 1;
    private LayerCounters? _before;
    private int _done;
    private double _negativeLogLikelihood;

    public void Begin() => _before = setup.Counters.Snapshot();

    public PassProtocol.RunPass NextPass(PassId pass)
    {
        int begin = _done;
        _done += Math.Min(setup.ChunkTokens, _count - _done);
        // A chunk that is context alone has no target.
        int firstTarget = Math.Clamp(request.ContextTokens, begin + 1, _done + 1);
        return new PassProtocol.RunPass(
            pass, _tokens[begin.._done], begin, WantsLogits: false, _tokens[firstTarget..(_done + 1)], _negativeLogLikelihood,
            request.ReadLogits is { } read ? read.Invoke : null);
    }

    public bool Accept(PassProtocol.PassDone done)
    {
        _negativeLogLikelihood = double.IsFinite(done.Score)
            ? done.Score
            : throw new NeuralinkException(
                "score the text", "finite logits", $"{done.Score}", "the model's weights or the text overflow its numbers");
        return _done < _count;
    }

    public void Finish(Exception? error)
    {
        if (error is OperationCanceledException)
            result.TrySetCanceled();
        else if (error is not null)
            result.TrySetException(error);
        else
            result.TrySetResult(Result());
    }

    private ScoreResult Result()
    {
        LayerCounters spent = setup.Counters.Snapshot().Since(_before!);
        IoMetrics io = new(spent, layer: null, setup.Config.FfnSize, setup.PayloadBytes, setup.Time);
        return new ScoreResult(_tokens.Length - request.ContextTokens, _negativeLogLikelihood, io);
    }
}
