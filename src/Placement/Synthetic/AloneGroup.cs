namespace Neuralink.Placement.Synthetic;

/// <summary>Neurons that fire alone with similar probabilities. Those that do not fire are leapt over, not asked one by one.</summary>
internal sealed class AloneGroup
{
    private readonly int[] _neurons;
    private readonly double[] _accept;      // their probabilities over the group's largest
    private readonly double _leap;          // 1 / ln(1 - largest)

    private AloneGroup(SyntheticNeuron[] neurons, int[] ids)
    {
        double largest = ids.Max(id => neurons[id].Alone);
        _neurons = ids;
        _accept = Array.ConvertAll(ids, id => neurons[id].Alone / largest);
        _leap = 1 / Math.Log(1 - largest);
    }

    /// <summary>All neurons with a probability above 0, grouped by powers of two.</summary>
    public static AloneGroup[] Of(SyntheticNeuron[] neurons) =>
    [
        .. Enumerable.Range(0, neurons.Length)
            .Where(id => neurons[id].Alone > 0)
            .GroupBy(id => Math.ILogB(neurons[id].Alone))
            .OrderBy(group => group.Key)
            .Select(group => new AloneGroup(neurons, [.. group])),
    ];

    /// <summary>Sets the bits of those that fire at a token.</summary>
    public void Fire(Span<ulong> row, ref SplitMix64 random)
    {
        // The distance to the next of independent events of equal probability is geometric.
        for (double at = Leap(ref random); at < _neurons.Length; at += 1 + Leap(ref random))
        {
            int i = (int)at;
            if (random.NextDouble() < _accept[i])
                row[_neurons[i] / 64] |= 1UL << (_neurons[i] % 64);
        }
    }

    private double Leap(ref SplitMix64 random) => Math.Floor(Math.Log(1 - random.NextDouble()) * _leap);
}
