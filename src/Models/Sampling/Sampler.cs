using Neuralink.Storage;

namespace Neuralink.Models.Sampling;

/// <summary>
/// Chooses the next token from logits. The order is llama.cpp's: logit bias, penalties, top-k, top-p, min-p, temperature, draw;
/// so top-p and min-p see probabilities at temperature 1. Each filter keeps at least one token. Ties go to the lowest id.
/// Allocates nothing after construction. Thread safety: none; one generation, one sampler.
/// </summary>
public sealed class Sampler
{
    private readonly SamplingOptions _options;
    private readonly KeyValuePair<int, float>[] _bias;
    private readonly float[] _logits;
    private readonly ulong[] _candidates;
    private readonly double[] _weights;
    private readonly int[] _counts;      // of recent tokens; all zero between two calls
    private Xoshiro256 _random;

    /// <param name="options">Validated here.</param>
    /// <param name="vocabularySize">How many logits each call brings.</param>
    /// <exception cref="NeuralinkException">An option is out of its range, or a token with a bias is not in the vocabulary.</exception>
    public Sampler(SamplingOptions options, int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        options.Validate();
        foreach (int id in options.LogitBias.Keys)
            RequireToken(id, vocabularySize);
        _options = options;
        _bias = [.. options.LogitBias];
        _logits = new float[vocabularySize];
        bool isGreedy = options.Temperature == 0;
        _candidates = isGreedy ? [] : new ulong[vocabularySize];
        _weights = isGreedy ? [] : new double[vocabularySize];
        _counts = Penalizes(options) ? new int[vocabularySize] : [];
        _random = new Xoshiro256(options.Seed ?? (ulong)Random.Shared.NextInt64());
    }

    /// <summary>The id of the token that comes next.</summary>
    /// <param name="logits">[vocabularySize]; minus infinity excludes a token.</param>
    /// <param name="recentTokens">The tokens so far, oldest first; the latest RepeatLastN of them are penalised.</param>
    /// <exception cref="NeuralinkException">A logit is NaN or plus infinity, or all exclude their tokens.</exception>
    public int Sample(ReadOnlySpan<float> logits, ReadOnlySpan<int> recentTokens)
    {
        if (logits.Length != _logits.Length)
            throw new ArgumentException($"expected {_logits.Length} logits, found {logits.Length}", nameof(logits));

        RequireUsable(logits);
        logits.CopyTo(_logits);
        foreach ((int id, float bias) in _bias)
            _logits[id] += bias;
        if (_counts.Length > 0)
            Penalize(recentTokens[Math.Max(0, recentTokens.Length - _options.RepeatLastN)..]);
        return _options.Temperature == 0 ? ArgMax(_logits) : Draw();
    }

    /// <summary>The id of the largest value, the lowest among equals; the values have no NaN.</summary>
    internal static int ArgMax(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int id = 1; id < values.Length; id++)
            best = values[id] > values[best] ? id : best;

        return best;
    }

    private static bool Penalizes(SamplingOptions options) =>
        options.RepeatPenalty != 1 || options.FrequencyPenalty != 0 || options.PresencePenalty != 0;

    // Counted first, so that a token that occurs twice is penalised once.
    private void Penalize(ReadOnlySpan<int> recentTokens)
    {
        foreach (int id in recentTokens)
            _counts[id]++;
        foreach (int id in recentTokens)
        {
            if (_counts[id] == 0)
                continue;
            float logit = _logits[id], penalty = _options.RepeatPenalty;
            logit = logit <= 0 ? logit * penalty : logit / penalty;
            _logits[id] = logit - ((_counts[id] * _options.FrequencyPenalty) + _options.PresencePenalty);
            _counts[id] = 0;
        }
    }

    private int Draw()
    {
        for (int id = 0; id < _logits.Length; id++)
            _candidates[id] = Candidate.Pack(_logits[id], id);

        Span<ulong> kept = _candidates.AsSpan(0, TopK.Select(_candidates, _options.TopK));
        kept = kept[..KeepTopP(kept)];
        kept = kept[..KeepMinP(kept)];

        double sum = Weigh(kept, _options.Temperature);
        double point = _random.NextDouble() * sum;
        int last = 0;
        for (int i = 0; i < kept.Length; i++)
        {
            // Rounding may leave the point beyond the last weight; a weight of zero is never drawn.
            if (_weights[i] > 0)
            {
                last = i;
                point -= _weights[i];
                if (point < 0)
                    break;
            }
        }

        return Candidate.IdOf(kept[last]);
    }

    private int KeepTopP(ReadOnlySpan<ulong> kept)
    {
        if (_options.TopP >= 1)
            return kept.Length;

        double enough = _options.TopP * Weigh(kept, temperature: 1);
        double sum = 0;
        for (int i = 0; i < kept.Length; i++)
        {
            sum += _weights[i];
            if (sum >= enough)
                return i + 1;
        }

        return kept.Length;
    }

    private int KeepMinP(ReadOnlySpan<ulong> kept)
    {
        if (_options.MinP <= 0)
            return kept.Length;

        float least = Candidate.LogitOf(kept[0]) + MathF.Log(_options.MinP);
        int count = 1;
        while (count < kept.Length && Candidate.LogitOf(kept[count]) >= least)
            count++;

        return count;
    }

    /// <summary>Fills the weights with the kept candidates' softmax, not yet divided by its sum, which it returns.</summary>
    private double Weigh(ReadOnlySpan<ulong> kept, float temperature)
    {
        double sum = 0;
        float highest = Candidate.LogitOf(kept[0]);
        for (int i = 0; i < kept.Length; i++)
        {
            _weights[i] = Math.Exp((Candidate.LogitOf(kept[i]) - (double)highest) / temperature);
            sum += _weights[i];
        }

        return sum;
    }

    private static void RequireToken(int id, int vocabularySize)
    {
        if ((uint)id >= (uint)vocabularySize)
            throw new NeuralinkException("sample with this logit bias", $"token ids of 0 to {vocabularySize - 1}", $"{id}");
    }

    private static void RequireUsable(ReadOnlySpan<float> logits)
    {
        bool hasToken = false;
        for (int id = 0; id < logits.Length; id++)
        {
            if (float.IsNaN(logits[id]) || float.IsPositiveInfinity(logits[id]))
            {
                throw new NeuralinkException(
                    "choose the next token", "finite logits", $"{logits[id]} for token {id}", "verify the model's files");
            }

            hasToken |= !float.IsNegativeInfinity(logits[id]);
        }

        if (!hasToken)
            throw new NeuralinkException("choose the next token", "a finite logit", "minus infinity for every token");
    }
}

/// <summary>
/// A token and its logit in one number, ordered so that ascending numbers are descending logits, and ascending ids among
/// equal logits: candidates sort and compare as plain integers.
/// Bits 63..32 are the logit's, mapped to that order; bits 31..0 the id.
/// </summary>
internal static class Candidate
{
    private const uint SignBit = 0x8000_0000;

    /// <summary>The candidate of token <paramref name="id"/>; its logit is not NaN.</summary>
    public static ulong Pack(float logit, int id)
    {
        // Adding zero turns -0 into +0, which must not rank below it.
        uint bits = BitConverter.SingleToUInt32Bits(logit + 0f);
        uint ascending = (bits & SignBit) != 0 ? ~bits : bits | SignBit;
        return ((ulong)~ascending << 32) | (uint)id;
    }

    public static int IdOf(ulong candidate) => (int)(uint)candidate;

    public static float LogitOf(ulong candidate)
    {
        uint ascending = ~(uint)(candidate >> 32);
        return BitConverter.UInt32BitsToSingle((ascending & SignBit) != 0 ? ascending & ~SignBit : ~ascending);
    }
}
