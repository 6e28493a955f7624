using System.Numerics;

namespace Neuralink.Placement.Traces;

/// <summary>Statistics of one layer's trace.</summary>
/// <param name="TokenCount">The number of tokens of the trace.</param>
/// <param name="NeuronCount">The number of neurons of the layer.</param>
/// <param name="ActiveShare">The share of the (token, neuron) pairs that fire.</param>
/// <param name="HotShare">
/// The fewest neurons that make <see cref="HotActivations"/> of all activations, as a share of the neurons (PowerInfer, Song et
/// al. 2023, section 2.2).
/// </param>
/// <param name="MeanRunLength">
/// The mean length, in neurons, of the runs of neighbouring slots that fire at one token, under a given order.
/// </param>
/// <param name="CoActivation">
/// The mean of P(j fires | i fires) = n_ij / f_i over the ordered pairs i != j, weighted by f_i f_j. Here f_i counts the tokens at which i
/// fires, and n_ij those at which both fire. It is exact and takes time linear in the activations: the sum of f_j n_ij over all pairs
/// equals the sum over the tokens of (k - 1) * (the sum of f_j over the k active neurons).
/// </param>
/// <param name="IndependentCoActivation">
/// What <paramref name="CoActivation"/> would be if every neuron fired independently at its own rate. The two are meant to be compared.
/// </param>
public sealed record ActivationStatistics(
    int TokenCount,
    int NeuronCount,
    double ActiveShare,
    double HotShare,
    double MeanRunLength,
    double CoActivation,
    double IndependentCoActivation)
{
    /// <summary>The share of all activations that the neurons of <see cref="HotShare"/> make.</summary>
    public const double HotActivations = 0.8;

    /// <summary>The statistics of a layer.</summary>
    /// <param name="layer">Its trace.</param>
    /// <param name="neuronOfSlot">[slots], the order whose runs are measured. If empty, it is the model's own.</param>
    public static ActivationStatistics Of(ActivationMatrix layer, ReadOnlySpan<int> neuronOfSlot = default)
    {
        int[] frequencies = layer.Frequencies();
        long firings = frequencies.Sum(f => (long)f);
        (double coActivation, double independent) = CoActivations(layer, frequencies);
        return new ActivationStatistics(
            layer.TokenCount,
            layer.NeuronCount,
            ActiveShare: layer.TokenCount == 0 ? 0 : (double)firings / layer.TokenCount / layer.NeuronCount,
            HotShare: (double)HotNeurons(frequencies, HotActivations) / layer.NeuronCount,
            MeanRunLength: RunLength(layer, neuronOfSlot),
            coActivation,
            independent);
    }

    /// <summary>The fewest neurons that make at least <paramref name="share"/> of all activations.</summary>
    /// <param name="frequencies">[neurons], how often each neuron fired.</param>
    /// <param name="share">0 to 1.</param>
    public static int HotNeurons(ReadOnlySpan<int> frequencies, double share)
    {
        int[] sorted = frequencies.ToArray();
        Array.Sort(sorted, static (a, b) => b.CompareTo(a));
        double wanted = share * sorted.Sum(f => (long)f);
        int count = 0;
        for (long sum = 0; sum < wanted; count++)
            sum += sorted[count];
        return count;
    }

    /// <summary>
    /// The mean run length: activations divided by runs. A run is a maximal stretch of neighbouring slots that fire at one token.
    /// 0 if nothing fires.
    /// </summary>
    /// <param name="layer">The trace.</param>
    /// <param name="neuronOfSlot">[slots], a permutation. If empty, the order is the model's own.</param>
    public static double RunLength(ActivationMatrix layer, ReadOnlySpan<int> neuronOfSlot = default)
    {
        if (!neuronOfSlot.IsEmpty && neuronOfSlot.Length != layer.NeuronCount)
        {
            string sizes = $"An order of {layer.NeuronCount} neurons expected, {neuronOfSlot.Length} given.";
            throw new ArgumentException(sizes, nameof(neuronOfSlot));
        }
        int[] slotOfNeuron = new int[neuronOfSlot.Length];
        for (int slot = 0; slot < neuronOfSlot.Length; slot++)
            slotOfNeuron[neuronOfSlot[slot]] = slot;
        ulong[] slots = new ulong[layer.WordsPerToken];
        long firings = 0, runs = 0;
        for (int token = 0; token < layer.TokenCount; token++)
        {
            ReadOnlySpan<ulong> row = layer.Token(token);
            if (slotOfNeuron.Length > 0)
            {
                Permute(row, slotOfNeuron, slots);
                row = slots;
            }
            ulong before = 0;
            foreach (ulong word in row)
            {
                firings += BitOperations.PopCount(word);
                runs += BitOperations.PopCount(word & ~(word << 1 | before));
                before = word >> 63;
            }
        }
        return runs == 0 ? 0 : (double)firings / runs;
    }

    private static void Permute(ReadOnlySpan<ulong> row, int[] slotOfNeuron, Span<ulong> slots)
    {
        slots.Clear();
        for (int word = 0; word < row.Length; word++)
        {
            for (ulong bits = row[word]; bits != 0; bits &= bits - 1)
            {
                int slot = slotOfNeuron[(word * 64) + BitOperations.TrailingZeroCount(bits)];
                slots[slot / 64] |= 1UL << (slot % 64);
            }
        }
    }

    private static (double Found, double Independent) CoActivations(ActivationMatrix layer, int[] frequencies)
    {
        double pairs = 0, sum = 0, squares = 0, cubes = 0;
        foreach (int f in frequencies)
        {
            sum += f;
            squares += (double)f * f;
            cubes += (double)f * f * f;
        }
        for (int token = 0; token < layer.TokenCount; token++)
        {
            ReadOnlySpan<ulong> row = layer.Token(token);
            long count = 0, weight = 0;
            for (int word = 0; word < row.Length; word++)
            {
                for (ulong bits = row[word]; bits != 0; bits &= bits - 1, count++)
                    weight += frequencies[(word * 64) + BitOperations.TrailingZeroCount(bits)];
            }
            pairs += (double)(count - 1) * weight;
        }
        double weights = (sum * sum) - squares;
        return weights <= 0 ? (0, 0) : (pairs / weights, ((squares * sum) - cubes) / layer.TokenCount / weights);
    }
}
