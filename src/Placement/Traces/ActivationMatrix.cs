using System.Numerics;

namespace Neuralink.Placement.Traces;

/// <summary>
/// Which neurons of one layer fired at which token: a bit matrix [tokens, neurons], row-major. Rows are padded with zeros to whole 64-bit
/// words. Neuron n is bit n % 64 of word n / 64. Immutable.
/// </summary>
public sealed class ActivationMatrix
{
    private const int WordBits = 64;

    private readonly ulong[] _words;

    /// <param name="neuronCount">The number of neurons of the layer, at least 1.</param>
    /// <param name="words">[tokens, <see cref="WordsPerTokenOf"/>]. The matrix keeps the array and does not copy it.</param>
    /// <exception cref="ArgumentException">The words are no whole number of rows, or a padding bit is set.</exception>
    public ActivationMatrix(int neuronCount, ulong[] words)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(neuronCount, 1);
        WordsPerToken = WordsPerTokenOf(neuronCount);
        if (words.Length % WordsPerToken != 0)
            throw new ArgumentException($"Rows of {WordsPerToken} words expected, {words.Length} words given.", nameof(words));
        NeuronCount = neuronCount;
        TokenCount = words.Length / WordsPerToken;
        _words = words;
        int used = neuronCount % WordBits;
        for (int token = 0; used != 0 && token < TokenCount; token++)
        {
            if (Token(token)[^1] >> used != 0)
                throw new ArgumentException($"Token {token} fires a neuron beyond {neuronCount - 1}.", nameof(words));
        }
    }

    /// <summary>The number of rows.</summary>
    public int TokenCount { get; }

    /// <summary>The number of columns.</summary>
    public int NeuronCount { get; }

    /// <summary>The number of 64-bit words of a row.</summary>
    public int WordsPerToken { get; }

    /// <summary>The bytes that the matrix takes.</summary>
    public long Bytes => (long)_words.Length * sizeof(ulong);

    /// <summary>The number of 64-bit words that a row of <paramref name="neuronCount"/> neurons takes.</summary>
    public static int WordsPerTokenOf(int neuronCount) => (neuronCount + WordBits - 1) / WordBits;

    /// <summary>The bits of one token.</summary>
    public ReadOnlySpan<ulong> Token(int token) => _words.AsSpan(token * WordsPerToken, WordsPerToken);

    /// <summary>Whether <paramref name="neuron"/> fired at <paramref name="token"/>.</summary>
    public bool IsActive(int token, NeuronId neuron)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)neuron.Value, (uint)NeuronCount, nameof(neuron));
        return (Token(token)[neuron.Value / WordBits] >> (neuron.Value % WordBits) & 1) != 0;
    }

    /// <summary>Lists the neurons that fired at <paramref name="token"/>, ascending.</summary>
    /// <param name="token">The row.</param>
    /// <param name="neurons">Receives the neurons. A length of <see cref="NeuronCount"/> always suffices.</param>
    /// <returns>How many neurons fired.</returns>
    public int CopyActive(int token, Span<int> neurons)
    {
        int count = 0;
        ReadOnlySpan<ulong> row = Token(token);
        for (int word = 0; word < row.Length; word++)
        {
            for (ulong bits = row[word]; bits != 0; bits &= bits - 1)
                neurons[count++] = (word * WordBits) + BitOperations.TrailingZeroCount(bits);
        }
        return count;
    }

    /// <summary>How many neurons fired at <paramref name="token"/>.</summary>
    public int ActiveCountOf(int token)
    {
        int count = 0;
        foreach (ulong word in Token(token))
            count += BitOperations.PopCount(word);
        return count;
    }

    /// <summary>The number of activations: pairs of a token and a neuron that fired at it.</summary>
    public long ActiveCount()
    {
        long sum = 0;
        foreach (ulong word in _words)
            sum += BitOperations.PopCount(word);
        return sum;
    }

    /// <summary>[neurons], at how many tokens each neuron fired.</summary>
    public int[] Frequencies()
    {
        int[] frequencies = new int[NeuronCount];
        for (int token = 0; token < TokenCount; token++)
        {
            ReadOnlySpan<ulong> row = Token(token);
            for (int word = 0; word < row.Length; word++)
            {
                for (ulong bits = row[word]; bits != 0; bits &= bits - 1)
                    frequencies[(word * WordBits) + BitOperations.TrailingZeroCount(bits)]++;
            }
        }
        return frequencies;
    }

    /// <summary>Every <paramref name="step"/>-th token from <paramref name="begin"/> to before <paramref name="end"/>.</summary>
    public ActivationMatrix Sample(int begin, int end, int step = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(begin);
        ArgumentOutOfRangeException.ThrowIfLessThan(end, begin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, TokenCount);
        ulong[] words = new ulong[(end - begin + step - 1) / step * WordsPerToken];
        for (int token = begin, row = 0; token < end; token += step, row++)
            Token(token).CopyTo(words.AsSpan(row * WordsPerToken));
        return new ActivationMatrix(NeuronCount, words);
    }
}
