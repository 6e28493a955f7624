using System.Buffers;
using System.Numerics;
using System.Runtime.Intrinsics;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Coactivation;

/// <summary>
/// For each neuron of a layer, the list of tokens at which it fires. Neurons are sorted by descending frequency, equal ones by ascending
/// id. A neuron's place in that order is its rank; neurons that never fire have no rank. A list names a token by the offset of its line in
/// an <see cref="ActivationTile"/>. Each list is padded to whole blocks of <see cref="BlockLines"/> with the offset of the tile's zero
/// line, so that the counters need no code for a shorter last block.
/// </summary>
internal sealed class ActivationLists : IDisposable
{
    /// <summary>How many lines <see cref="VerticalCounters"/> adds at a time.</summary>
    public const int BlockLines = 16;

    private const int StripeWords = 8;

    private readonly int[] _neurons;            // [ranks]
    private readonly int[] _frequencies;        // [neurons]
    private readonly int[] _begins;             // [neurons], where the neuron's list begins in _offsets
    private readonly int[] _offsets;            // the lists, one after another
    private readonly ArrayPool<int> _pool;

    /// <param name="active">The trace of the layer.</param>
    /// <param name="pool">
    /// Lends the memory of the lists, which may be hundreds of megabytes. Layers that are ordered one after another should share a pool.
    /// </param>
    /// <exception cref="ArgumentException">The trace has more than 2 billion activations.</exception>
    public ActivationLists(ActivationMatrix active, ArrayPool<int> pool)
    {
        TokenCount = active.TokenCount;
        _frequencies = new int[active.NeuronCount];
        _begins = new int[active.NeuronCount];
        long length = LengthMax(active);
        if (length > Array.MaxLength)
            throw new ArgumentException($"At most {Array.MaxLength} activations can be listed, not {length}.", nameof(active));
        _pool = pool;
        _offsets = pool.Rent((int)length);
        ulong[] stripe = new ulong[StripeWords * 64 * TokenWords];
        int end = 0;
        for (int word = 0; word < active.WordsPerToken; word += StripeWords)
        {
            TransposeStripe(active, word, stripe);
            int first = word * 64, after = Math.Min((word + StripeWords) * 64, active.NeuronCount);
            for (int neuron = first; neuron < after; neuron++)
                end = List(neuron, stripe.AsSpan((neuron - first) * TokenWords, TokenWords), end);
        }
        IEnumerable<int> activeNeurons = Enumerable.Range(0, active.NeuronCount).Where(neuron => _frequencies[neuron] > 0);
        _neurons = [.. activeNeurons.OrderByDescending(neuron => _frequencies[neuron])];
    }

    /// <summary>The number of tokens of the trace.</summary>
    public int TokenCount { get; }

    /// <summary>The number of neurons that fire at least once.</summary>
    public int RankCount => _neurons.Length;

    /// <summary>[neurons], at how many tokens each neuron fires.</summary>
    public ReadOnlySpan<int> Frequencies => _frequencies;

    private int TokenWords => (TokenCount + 63) / 64;

    /// <summary>The bytes that the lists of a layer take. Pools lend arrays whose length is a power of two.</summary>
    public static long BytesOf(ActivationMatrix active)
    {
        long lists = (long)BitOperations.RoundUpToPowerOf2((ulong)LengthMax(active)) + (3L * active.NeuronCount);
        return (lists * sizeof(int)) + (StripeWords * 64L * ((active.TokenCount / 64) + 1) * sizeof(ulong));
    }

    /// <summary>Gives the memory back to the pool.</summary>
    public void Dispose() => _pool.Return(_offsets);

    /// <summary>The neuron of a rank.</summary>
    public int Neuron(int rank) => _neurons[rank];

    /// <summary>At how many tokens the neuron of a rank fires.</summary>
    public int Frequency(int rank) => _frequencies[_neurons[rank]];

    /// <summary>The tokens at which the neuron of a rank fires, as offsets of lines, ascending.</summary>
    public ReadOnlySpan<int> Offsets(int rank) => _offsets.AsSpan(_begins[_neurons[rank]], Frequency(rank));

    /// <summary>As <see cref="Offsets"/>, padded to whole blocks.</summary>
    public ReadOnlySpan<int> PaddedOffsets(int rank) => _offsets.AsSpan(_begins[_neurons[rank]], PaddedLength(Frequency(rank)));

    private static long LengthMax(ActivationMatrix active) => active.ActiveCount() + ((BlockLines - 1L) * active.NeuronCount);

    private static int PaddedLength(int count) => (count + BlockLines - 1) / BlockLines * BlockLines;

    // Fills the stripe with the bits of 512 neurons, [neurons, tokens]. Listing the tokens of one neuron after another is then much faster
    // than going through the tokens, where each one writes to many lists.
    private static void TransposeStripe(ActivationMatrix active, int firstWord, Span<ulong> stripe)
    {
        int tokenWords = (active.TokenCount + 63) / 64;
        int words = Math.Min(StripeWords, active.WordsPerToken - firstWord);
        Span<Vector512<ulong>> block = stackalloc Vector512<ulong>[BitTranspose.Size];
        Span<ulong> row = stackalloc ulong[StripeWords];
        row.Clear();
        for (int tokenWord = 0; tokenWord < tokenWords; tokenWord++)
        {
            int first = tokenWord * 64, tokens = Math.Min(64, active.TokenCount - first);
            for (int token = 0; token < tokens; token++)
            {
                active.Token(first + token).Slice(firstWord, words).CopyTo(row);
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
                offsets[count++] = ((word * 64) + BitOperations.TrailingZeroCount(bits)) * ActivationTile.LineWords;
        }
        _begins[neuron] = begin;
        _frequencies[neuron] = count;
        int padded = PaddedLength(count);
        offsets[count..padded].Fill(TokenCount * ActivationTile.LineWords);
        return begin + padded;
    }
}
