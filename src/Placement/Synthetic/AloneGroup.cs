namespace Neuralink.Placement.Synthetic;

/// <summary>
/// Neurons whose probabilities of firing alone are similar. A draw skips to the next neuron that may fire, instead of
/// drawing for each neuron.
/// </summary>
internal sealed class AloneGroup
{
    private readonly int[] _neurons;
    private readonly double[] _accept;      // each neuron's probability, divided by the group's largest
    private readonly double _leap;          // 1 / ln(1 - largest)

    private AloneGroup(SyntheticNeuron[] neurons, int[] ids)
    {
        double largest = ids.Max(id => neurons[id].Alone);
        _neurons = ids;
        _accept = Array.ConvertAll(ids, id => neurons[id].Alone / largest);
        _leap = 1 / Math.Log(1 - largest);
    }

    /// <summary>All neurons whose probability is above 0, grouped by powers of two.</summary>
    public static AloneGroup[] Of(SyntheticNeuron[] neurons) =>
    [
        .. Enumerable.Range(0, neurons.Length)
            .Where(id => neurons[id].Alone > 0)
            .GroupBy(id => Math.ILogB(neurons[id].Alone))
            .OrderBy(group => group.Key)
            .Select(group => new AloneGroup(neurons, [.. group])),
    ];

    /// <summary>Draws which of the neurons fire at a token, and sets their bits.</summary>
    public void Fire(Span<ulong> row, ref SplitMix64 random)
    {
        // Between independent events of equal probability, distances follow a geometric distribution.
        for (double at = Leap(ref random); at < _neurons.Length; at += 1 + Leap(ref random))
        {
            int i = (int)at;
            if (random.NextDouble() < _accept[i])
                row[_neurons[i] / 64] |= 1UL << (_neurons[i] % 64);
        }
    }

    private double Leap(ref SplitMix64 random) => Math.Floor(Math.Log(1 - random.NextDouble()) * _leap);
}
