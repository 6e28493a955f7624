namespace Neuralink.Models.Inference;

/// <summary>
/// For which rows of a pass each neuron of a set was predicted, [ordinal in the set][row], a bit each. An approximate predictor leaves out
/// neurons that are active; were they computed for a row because another row's prediction names them, the row's result would depend on who
/// runs beside it. So what was not predicted for a row counts as 0 there.
/// </summary>
/// <param name="neuronsMax">The most neurons of a set.</param>
/// <param name="rowsMax">The most rows of a pass.</param>
public sealed class PredictedRows(int neuronsMax, int rowsMax)
{
    private const int WordBits = 64;

    private readonly int _words = (rowsMax + WordBits - 1) / WordBits;
    private readonly ulong[] _bits = new ulong[neuronsMax * ((rowsMax + WordBits - 1) / WordBits)];

    /// <summary>Whether there is anything to leave out: of a single row all of the set is predicted.</summary>
    public bool IsPartial { get; private set; }

    /// <summary>A new set, of a pass of so many rows, or one whose predictor leaves nothing out.</summary>
    internal void Begin(int rows, bool isExact) => IsPartial = rows > 1 && !isExact;

    /// <summary>Nothing is predicted of these neurons yet. Workers fill different neurons at once.</summary>
    internal void Clear(int beginNeuron, int endNeuron) => _bits.AsSpan(beginNeuron * _words, (endNeuron - beginNeuron) * _words).Clear();

    /// <summary>A neuron is predicted for a row.</summary>
    internal void Add(int neuron, int row) => _bits[(neuron * _words) + (row / WordBits)] |= 1UL << (row % WordBits);

    /// <summary>What was noted of a neuron is from now on of its ordinal in the set, which is not above it.</summary>
    internal void Compact(int neuron, int ordinal)
    {
        for (int word = 0; word < _words; word++)
            _bits[(ordinal * _words) + word] = _bits[(neuron * _words) + word];
    }

    /// <summary>Takes out of the activations [rows] of a neuron what was not predicted.</summary>
    internal void Mask(int ordinal, Span<float> activations)
    {
        for (int row = 0; row < activations.Length; row++)
        {
            if ((_bits[(ordinal * _words) + (row / WordBits)] >> (row % WordBits) & 1) == 0)
                activations[row] = 0;
        }
    }
}
