using System.Numerics;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Coactivation;

/// <summary>
/// The tokens at which each neuron of a layer fires, neurons by descending frequency, equals by ascending id. A neuron's place in that order is
/// its rank; neurons that never fire have none. A token is given as the offset of its line in a <see cref="FiringTile"/>. Each list is padded
/// with the offset of the tile's zero line to whole blocks of <see cref="BlockLines"/>, so that the counters need no tail.
/// </summary>
internal sealed class FiringLists
{
    /// <summary>Lines that <see cref="VerticalCounters"/> adds at a time.</summary>
    public const int BlockLines = 16;

    private readonly int[] _neurons;
    private readonly int[] _frequencies;
    private readonly int[] _offsets;
    private readonly long[] _begins;

    public FiringLists(FiringMatrix firing)
    {
        TokenCount = firing.TokenCount;
        int[] frequencies = firing.Frequencies();
        _neurons = [.. Enumerable.Range(0, firing.NeuronCount).Where(n => frequencies[n] > 0).OrderByDescending(n => frequencies[n])];
        _frequencies = [.. _neurons.Select(n => frequencies[n])];
        _begins = new long[_neurons.Length + 1];
        long[] next = new long[firing.NeuronCount];
        for (int rank = 0; rank < _neurons.Length; rank++)
        {
            next[_neurons[rank]] = _begins[rank];
            _begins[rank + 1] = _begins[rank] + PaddedLength(_frequencies[rank]);
        }

        _offsets = new int[_begins[^1]];
        Array.Fill(_offsets, TokenCount * FiringTile.LineWords);
        for (int token = 0; token < TokenCount; token++)
        {
            ReadOnlySpan<ulong> row = firing.Token(token);
            for (int word = 0; word < row.Length; word++)
            {
                for (ulong bits = row[word]; bits != 0; bits &= bits - 1)
                    _offsets[next[(word * 64) + BitOperations.TrailingZeroCount(bits)]++] = token * FiringTile.LineWords;
            }
        }
    }

    /// <summary>Tokens of the trace.</summary>
    public int TokenCount { get; }

    /// <summary>Neurons that fire at all.</summary>
    public int RankCount => _neurons.Length;

    /// <summary>Bytes that the lists of a layer take.</summary>
    public static long BytesOf(FiringMatrix firing) =>
        (sizeof(int) * (firing.FiringCount() + ((long)BlockLines * firing.NeuronCount))) + ((long)sizeof(long) * 3 * firing.NeuronCount);

    /// <summary>The neuron of a rank.</summary>
    public int Neuron(int rank) => _neurons[rank];

    /// <summary>At how many tokens the neuron of a rank fires.</summary>
    public int Frequency(int rank) => _frequencies[rank];

    /// <summary>The tokens of a rank's neuron as offsets of lines, ascending, padded to whole blocks.</summary>
    public ReadOnlySpan<int> PaddedOffsets(int rank) => _offsets.AsSpan((int)_begins[rank], (int)(_begins[rank + 1] - _begins[rank]));

    /// <summary>The tokens of a rank's neuron as offsets of lines, ascending.</summary>
    public ReadOnlySpan<int> Offsets(int rank) => _offsets.AsSpan((int)_begins[rank], _frequencies[rank]);

    private static int PaddedLength(int count) => (count + BlockLines - 1) / BlockLines * BlockLines;
}
