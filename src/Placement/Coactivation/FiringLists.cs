using System.Buffers;
using System.Numerics;
using System.Runtime.Intrinsics;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Coactivation;

/// <summary>
/// The tokens at which each neuron of a layer fires, neurons by descending frequency, equals by ascending id. A neuron's place in that order is
/// its rank; neurons that never fire have none. A token is given as the offset of its line in a <see cref="FiringTile"/>. Each list is padded
/// with the offset of the tile's zero line to whole blocks of <see cref="BlockLines"/>, so that the counters need no tail.
/// </summary>
internal sealed class FiringLists : IDisposable
{
    /// <summary>Lines that <see cref="VerticalCounters"/> adds at a time.</summary>
    public const int BlockLines = 16;

    private const int StripeWords = 8;

    private readonly int[] _neurons;
    private readonly int[] _frequencies;
    private readonly int[] _begins;
    private readonly int[] _offsets;
    private readonly ArrayPool<int> _pool;

    /// <param name="firing">Which neurons fire when.</param>
    /// <param name="pool">Lends the memory of the lists, which may be hundreds of megabytes: layer after layer should use the same.</param>
    /// <exception cref="ArgumentException">More than 2 billion activations.</exception>
    public FiringLists(FiringMatrix firing, ArrayPool<int> pool)
    {
        TokenCount = firing.TokenCount;
        _frequencies = new int[firing.NeuronCount];
        _begins = new int[firing.NeuronCount];
        long length = LengthMax(firing);
        if (length > Array.MaxLength)
            throw new ArgumentException($"At most {Array.MaxLength} activations can be listed, not {length}.", nameof(firing));
        _pool = pool;
        _offsets = pool.Rent((int)length);
        ulong[] stripe = new ulong[StripeWords * 64 * TokenWords];
        int end = 0;
        for (int word = 0; word < firing.WordsPerToken; word += StripeWords)
        {
            TransposeStripe(firing, word, stripe);
            for (int neuron = word * 64; neuron < Math.Min((word + StripeWords) * 64, firing.NeuronCount); neuron++)
                end = List(neuron, stripe.AsSpan((neuron - (word * 64)) * TokenWords, TokenWords), end);
        }
        _neurons = [.. Enumerable.Range(0, firing.NeuronCount).Where(n => _frequencies[n] > 0).OrderByDescending(n => _frequencies[n])];
    }

    /// <summary>Tokens of the trace.</summary>
    public int TokenCount { get; }

    /// <summary>Neurons that fire at all.</summary>
    public int RankCount => _neurons.Length;

    /// <summary>At how many tokens each neuron fires, by neuron.</summary>
    public ReadOnlySpan<int> Frequencies => _frequencies;

    private int TokenWords => (TokenCount + 63) / 64;

    /// <summary>Bytes that the lists of a layer take; pools lend powers of two.</summary>
    public static long BytesOf(FiringMatrix firing)
    {
        long lists = (long)BitOperations.RoundUpToPowerOf2((ulong)LengthMax(firing)) + (3L * firing.NeuronCount);
        return (lists * sizeof(int)) + (StripeWords * 64L * ((firing.TokenCount / 64) + 1) * sizeof(ulong));
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => _pool.Return(_offsets);

    /// <summary>The neuron of a rank.</summary>
    public int Neuron(int rank) => _neurons[rank];

    /// <summary>At how many tokens the neuron of a rank fires.</summary>
    public int Frequency(int rank) => _frequencies[_neurons[rank]];

    /// <summary>The tokens of a rank's neuron as offsets of lines, ascending.</summary>
    public ReadOnlySpan<int> Offsets(int rank) => _offsets.AsSpan(_begins[_neurons[rank]], Frequency(rank));

    /// <summary>The same, padded to whole blocks.</summary>
    public ReadOnlySpan<int> PaddedOffsets(int rank) => _offsets.AsSpan(_begins[_neurons[rank]], PaddedLength(Frequency(rank)));

    private static long LengthMax(FiringMatrix firing) => firing.FiringCount() + ((BlockLines - 1L) * firing.NeuronCount);

    private static int PaddedLength(int count) => (count + BlockLines - 1) / BlockLines * BlockLines;

    // 512 neurons, [neurons, tokens]. Neuron by neuron is then much faster to list than token by token, which writes to all lists in turn.
    private static void TransposeStripe(FiringMatrix firing, int firstWord, Span<ulong> stripe)
    {
        int tokenWords = (firing.TokenCount + 63) / 64, words = Math.Min(StripeWords, firing.WordsPerToken - firstWord);
        Span<Vector512<ulong>> block = stackalloc Vector512<ulong>[BitTranspose.Size];
        Span<ulong> row = stackalloc ulong[StripeWords];
        row.Clear();
        for (int tokenWord = 0; tokenWord < tokenWords; tokenWord++)
        {
            int first = tokenWord * 64, tokens = Math.Min(64, firing.TokenCount - first);
            for (int token = 0; token < tokens; token++)
            {
                firing.Token(first + token).Slice(firstWord, words).CopyTo(row);
                block[token] = Vector512.Create<ulong>(row);
            }
            block[tokens..].Clear();
            BitTranspose.InPlace(block);
            for (int bit = 0; bit < 64; bit++)
            {
                for (int word = 0; word < words; word++)
                    stripe[(((word * 64) + bit) * tokenWords) + tokenWord] = block[bit][word];
            }
        }
    }

    private int List(int neuron, ReadOnlySpan<ulong> tokens, int begin)
    {
        Span<int> offsets = _offsets.AsSpan(begin);
        int count = 0;
        for (int word = 0; word < tokens.Length; word++)
        {
            for (ulong bits = tokens[word]; bits != 0; bits &= bits - 1)
                offsets[count++] = ((word * 64) + BitOperations.TrailingZeroCount(bits)) * FiringTile.LineWords;
        }
        _begins[neuron] = begin;
        _frequencies[neuron] = count;
        int padded = PaddedLength(count);
        offsets[count..padded].Fill(TokenCount * FiringTile.LineWords);
        return begin + padded;
    }
}
