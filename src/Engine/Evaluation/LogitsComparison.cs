using Neuralink.Storage.Memory;

namespace Neuralink.Evaluation;

/// <summary>
/// How far a predictor moves the model: keeps a window's dense logits, and compares those of the predicted run with them, token by token.
/// </summary>
internal sealed class LogitsComparison
{
    private readonly NativeBuffer _dense;      // [rows, vocabulary]
    private readonly int _vocabulary;
    private long _tokens;
    private long _agreeing;
    private double _divergence;

    /// <param name="arena">Takes the dense logits.</param>
    /// <param name="rows">The most tokens that a window scores.</param>
    /// <param name="vocabulary">Logits of a token.</param>
    public LogitsComparison(NativeArena arena, int rows, int vocabulary)
    {
        _vocabulary = vocabulary;
        _dense = arena.Allocate(RequiredBytes(rows, vocabulary), "logits");
    }

    /// <summary>Share of the compared tokens for which both find the same token most probable, the lowest id among equals.</summary>
    public double AgreementShare => (double)_agreeing / _tokens;

    /// <summary>Mean over the compared tokens of KL(dense || predicted), in nats.</summary>
    public double MeanDivergenceNats => _divergence / _tokens;

    public static long RequiredBytes(long rows, int vocabulary) => rows * vocabulary * sizeof(float);

    /// <summary>Keeps the dense logits [vocabulary] of the window's scored token number <paramref name="row"/>.</summary>
    public void Keep(int row, ReadOnlySpan<float> logits) => logits.CopyTo(DenseRow(row));

    /// <summary>Compares the predicted logits [vocabulary] of that token with the dense ones.</summary>
    public void Compare(int row, ReadOnlySpan<float> logits)
    {
        (bool agrees, double divergence) = Compare(DenseRow(row), logits);
        _tokens++;
        _agreeing += agrees ? 1 : 0;
        _divergence += divergence;
    }

    /// <summary>
    /// KL(p || q) = sum p (ln p - ln q) = sum e^(a - max a) (a - b) / A - (ln A + max a - ln B - max b), with p = softmax(a), q =
    /// softmax(b), A and B their sums. Equal logits give 0, to the bit.
    /// </summary>
    internal static (bool Agrees, double DivergenceNats) Compare(ReadOnlySpan<float> dense, ReadOnlySpan<float> predicted)
    {
        int denseBest = IndexOfMax(dense), predictedBest = IndexOfMax(predicted);
        double denseMax = dense[denseBest], predictedMax = predicted[predictedBest], denseSum = 0, predictedSum = 0, weighted = 0;
        for (int i = 0; i < dense.Length; i++)
        {
            double p = Math.Exp(dense[i] - denseMax);
            denseSum += p;
            weighted += p * ((double)dense[i] - predicted[i]);
            predictedSum += Math.Exp(predicted[i] - predictedMax);
        }
        double divergence = (weighted / denseSum) - (Math.Log(denseSum) + denseMax - (Math.Log(predictedSum) + predictedMax));
        return (denseBest == predictedBest, Math.Max(divergence, 0));                  // rounding alone brings it below
    }

    private static int IndexOfMax(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best])
                best = i;
        }
        return best;
    }

    private Span<float> DenseRow(int row) => _dense.Floats((long)row * _vocabulary, _vocabulary);
}
