using Neuralink.Models.Checkpoints;
using Neuralink.Kernels;
using Neuralink.Models.Inference;

namespace Neuralink.Tests.Support;

/// <summary>What the dense reference makes of a Hugging Face folder: greedy tokens, and how clear they are.</summary>
public sealed class DenseOracle : IDisposable
{
    private const int PromptsTriedMax = 200;

    private readonly WorkerPool _pool = new(1);
    private readonly Checkpoint _folder;
    private readonly DenseReference _model;

    public DenseOracle(string folder)
    {
        _folder = Checkpoint.Open(folder);
        _model = new DenseReference(_folder, _pool);
    }

    /// <summary>Greedy tokens, and the smallest distance of a best logit to its second.</summary>
    public (int[] Tokens, float Margin) Greedy(ReadOnlySpan<int> prompt, int count)
    {
        _model.Reset();
        int vocabulary = _folder.Config.VocabularySize;
        Span<float> logits = _model.Forward(prompt).AsSpan()[^vocabulary..];
        int[] tokens = new int[count];
        float margin = float.PositiveInfinity;
        for (int i = 0; i < count; i++)
        {
            (tokens[i], float best, float second) = Best(logits);
            margin = Math.Min(margin, best - second);
            logits = _model.Forward([tokens[i]]);
        }
        return (tokens, margin);
    }

    /// <summary>
    /// The first of a seed's random prompts whose continuation is nowhere nearer to a tie than <paramref name="marginMin"/>: what differs
    /// in the last bits of a logit, such as the KV cache's f16, does not change a token.
    /// </summary>
    public (int[] Prompt, int[] Tokens) Clear(int promptTokens, int count, float marginMin, int seed = 1)
    {
        Random random = new(seed);
        for (int i = 0; i < PromptsTriedMax; i++)
        {
            int[] prompt = [.. Enumerable.Range(0, promptTokens).Select(_ => random.Next(ByteTokenizer.EndToken))];
            (int[] tokens, float margin) = Greedy(prompt, count);
            if (margin > marginMin)
                return (prompt, tokens);
        }
        throw new InvalidOperationException($"None of {PromptsTriedMax} prompts has a continuation with a margin of {marginMin}.");
    }

    /// <summary>Sum of -ln p of every token but the first, in nats.</summary>
    public double NegativeLogLikelihood(ReadOnlySpan<int> tokens)
    {
        _model.Reset();
        float[] logits = _model.Forward(tokens[..^1]);
        int vocabulary = _folder.Config.VocabularySize;
        double sum = 0;
        for (int i = 0; i + 1 < tokens.Length; i++)
            sum += Likelihood.NegativeLog(logits.AsSpan(i * vocabulary, vocabulary), tokens[i + 1]);
        return sum;
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
        _pool.Dispose();
    }

    private static (int Token, float Best, float Second) Best(ReadOnlySpan<float> logits)
    {
        (int token, float best, float second) = (-1, float.NegativeInfinity, float.NegativeInfinity);
        for (int i = 0; i < logits.Length; i++)
        {
            if (logits[i] > best)
                (token, best, second) = (i, logits[i], best);
            else
                second = Math.Max(second, logits[i]);
        }
        return (token, best, second);
    }
}
