namespace Neuralink.Actors.Generation;

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>The model ended the text, or a stop text appeared.</summary>
    Stop,

    /// <summary>As many tokens as were asked for.</summary>
    Length,
}

/// <summary>A finished text with its figures.</summary>
/// <param name="Text">What was generated, without the prompt.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="Tokens">The generated ids.</param>
/// <param name="FinishReason">Why it ended.</param>
/// <param name="Timings">How long it took.</param>
/// <param name="Io">What was read.</param>
/// <param name="FiringShare">Share of the neurons that fired, over all layers and tokens.</param>
public sealed record GenerationResult(
    string Text, int PromptTokens, IReadOnlyList<int> Tokens, FinishReason FinishReason, GenerationTimings Timings, IoFigures Io, double FiringShare);

/// <summary>Times of one generation, in milliseconds.</summary>
/// <param name="PromptMillis">From the start to the logits after the prompt.</param>
/// <param name="PredictedMillis">From there to the last token.</param>
/// <param name="FirstTokenMillis">From the start to the first token.</param>
/// <param name="PromptPerSecond">Prompt tokens a second.</param>
/// <param name="PredictedPerSecond">Tokens after the first a second, or 0 for fewer than two.</param>
public sealed record GenerationTimings(double PromptMillis, double PredictedMillis, double FirstTokenMillis, double PromptPerSecond, double PredictedPerSecond);

/// <summary>What one generation read. Counts of neurons, bytes and reads; times in milliseconds.</summary>
/// <param name="BytesRead">From flash.</param>
/// <param name="BytesUsed">Of these, weights of neurons that fired.</param>
/// <param name="Reads">Read commands, repeated ones included.</param>
/// <param name="CacheHitRate">Share of the wanted neurons that earlier use had left in DRAM.</param>
/// <param name="Prefetched">Neurons read ahead.</param>
/// <param name="PrefetchOnTime">Wanted ones that had been read ahead.</param>
/// <param name="PrefetchLate">Wanted ones that were being read ahead.</param>
/// <param name="PrefetchWasted">Read ahead in vain.</param>
/// <param name="Repaired">Read when the layer wanted them.</param>
/// <param name="WaitMillis">Compute waiting for flash with nothing else to do: lookahead and hits are done.</param>
/// <param name="IoMillis">At least one read in flight.</param>
public sealed record IoFigures(
    long BytesRead, long BytesUsed, long Reads, double CacheHitRate, long Prefetched, long PrefetchOnTime, long PrefetchLate, long PrefetchWasted, long Repaired,
    double WaitMillis, double IoMillis)
{
    /// <summary>Bytes of an average read.</summary>
    public double MeanReadBytes => Reads == 0 ? 0 : (double)BytesRead / Reads;
}

/// <summary>How well the model predicts a text.</summary>
/// <param name="Tokens">Tokens that were predicted.</param>
/// <param name="NegativeLogLikelihood">Their sum, in nats.</param>
public sealed record ScoreResult(int Tokens, double NegativeLogLikelihood)
{
    /// <summary>exp of the mean.</summary>
    public double Perplexity => Math.Exp(NegativeLogLikelihood / Tokens);
}
