using System.Numerics;
using Neuralink.Placement.Traces;

namespace Neuralink.Benchmarks.Ordering;

/// <summary>
/// A random trace: clusters of 64 neurons, each neuron in two of them, fire token by token with a power-law popularity; of a cluster that
/// fires its neurons do with 1/4, 1/2 or 3/4; and a tenth of the activations belongs to nothing. Neurons are in shuffled order.
/// </summary>
internal static class ClusteredTrace
{
    private const int ClusterSize = 64;
    private const double Exponent = 1.1;
    private const double NoiseShare = 0.1;

    // Of the neurons of a cluster that fires.
    private const double MeanActive = 0.5;

    public static ActivationMatrix Create(int neurons, int tokens, double share, int seed)
    {
        Random random = new(seed);
        int[][] places = [Shuffled(neurons, random), Shuffled(neurons, random)];
        int clusters = neurons / ClusterSize;
        double[] popularity = Popularity(clusters, share * (1 - NoiseShare) / (2 * MeanActive));
        ulong[] half = Bits(clusters, random), quarter = Bits(clusters, random);
        int rowWords = ActivationMatrix.WordsPerTokenOf(neurons);
        ulong[] words = new ulong[(long)rowWords * tokens];
        for (int token = 0; token < tokens; token++)
        {
            Span<ulong> row = words.AsSpan(token * rowWords, rowWords);
            foreach (int[] place in places)
            {
                for (int cluster = 0; cluster < clusters; cluster++)
                {
                    if (random.NextDouble() >= popularity[cluster])
                        continue;
                    ulong a = (ulong)random.NextInt64(long.MinValue, long.MaxValue),
                        b = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
                    ulong isActive = (half[cluster] & a) | (~half[cluster] & ((quarter[cluster] & a & b) | (~quarter[cluster] & (a | b))));
                    for (; isActive != 0; isActive &= isActive - 1)
                        Set(row, place[(cluster * ClusterSize) + BitOperations.TrailingZeroCount(isActive)]);
                }
            }
            for (int i = (int)(share * NoiseShare * neurons); i > 0; i--)
                Set(row, random.Next(neurons));
        }
        return new ActivationMatrix(neurons, words);
    }

    private static void Set(Span<ulong> row, int neuron) => row[neuron / 64] |= 1UL << (neuron % 64);

    /// <summary>Probabilities by rank, a power law cut off at 1, whose mean is <paramref name="mean"/>.</summary>
    private static double[] Popularity(int clusters, double mean)
    {
        double low = 0, high = clusters;
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            if (Of(middle).Average() < mean)
                low = middle;
            else
                high = middle;
        }
        return Of(high);

        double[] Of(double factor) => [.. Enumerable.Range(1, clusters).Select(rank => Math.Min(1, factor * Math.Pow(rank, -Exponent)))];
    }

    private static ulong[] Bits(int count, Random random) =>
        [.. Enumerable.Range(0, count).Select(_ => (ulong)random.NextInt64(long.MinValue, long.MaxValue))];

    private static int[] Shuffled(int count, Random random)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        random.Shuffle(order);
        return order;
    }
}
