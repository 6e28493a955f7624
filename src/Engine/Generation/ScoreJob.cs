using Neuralink.Actors.Protocols;
using Neuralink.Models.Inference;
using Neuralink.Storage;

namespace Neuralink;

/// <summary>A given text being scored: every token but the last predicts the one after it.</summary>
internal sealed class ScoreJob(JobSetup setup, ScoreRequest request) : IJob
{
    private readonly TaskCompletionSource<ScoreResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private double _negativeLogLikelihood;

    public ReadOnlyMemory<int> Tokens { get; } = request.Tokens[..^1];

    public bool SharesPrefix => false;

    public bool IsPaused => false;

    public Task<ScoreResult> Result => _result.Task;

    /// <summary>Ends it with an error: the engine's actors are gone.</summary>
    public void Fail(Exception error) => _result.TrySetException(error);

    public void Begin(int reused)
    {
    }

    // A part that is context alone has no target.
    public int LogitsWanted(int begin, int end) => end + 1 - Math.Clamp(request.ContextTokens, begin + 1, end + 1);

    // A running sum, so that it has one order whatever the chunks.
    public void TakeLogits(int position, ReadOnlySpan<float> logits)
    {
        int target = position + 1;
        _negativeLogLikelihood += Likelihood.NegativeLog(logits, request.Tokens.Span[target]);
        request.ReadLogits?.Invoke(target, logits);
    }

    public bool Accept(int computed)
    {
        if (!double.IsFinite(_negativeLogLikelihood))
        {
            throw new NeuralinkException(
                "score the text", "finite logits", $"{_negativeLogLikelihood}", "the model's weights or the text overflow its numbers");
        }
        return computed < Tokens.Length;
    }

    public void Finish(LayerCounters spent, Exception? error)
    {
        if (error is OperationCanceledException)
            _result.TrySetCanceled();
        else if (error is not null)
            _result.TrySetException(error);
        else
            _result.TrySetResult(new(request.Tokens.Length - request.ContextTokens, _negativeLogLikelihood, setup.MetricsOf(spent, null)));
    }
}
