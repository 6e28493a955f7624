using Neuralink.Placement;
using Neuralink.Placement.Traces;

namespace Neuralink.Tests.Support;

/// <summary>Makes small traces with clusters, hot neurons, and neurons that never fire.</summary>
public static class RandomTrace
{
    public static ActivationMatrix Create(int neurons, int tokens, int seed, double share = 0.2)
    {
        Random random = new(seed);
        double[] own = [.. Enumerable.Range(0, neurons).Select(_ => random.NextDouble() < 0.1 ? 0 : share * 2 * random.NextDouble())];
        int clusters = Math.Max(1, neurons / 8);
        int[] cluster = [.. Enumerable.Range(0, neurons).Select(_ => random.Next(clusters))];
        return ActivationMatrix.FromLists(neurons, [.. Enumerable.Range(0, tokens).Select(_ =>
        {
            int active = random.Next(clusters);
            return Enumerable.Range(0, neurons)
                .Where(n => own[n] > 0 && random.NextDouble() < (cluster[n] == active ? 0.8 : own[n])).ToArray();
        })]);
    }

    /// <summary>f(ij) counted pair by pair, [neurons, neurons]; 0 if i = j.</summary>
    public static int[,] PairCounts(ActivationMatrix active)
    {
        int[,] counts = new int[active.NeuronCount, active.NeuronCount];
        for (int token = 0; token < active.TokenCount; token++)
        {
            for (int i = 0; i < active.NeuronCount; i++)
            {
                if (!active.IsActive(token, new NeuronId(i)))
                    continue;
                for (int j = 0; j < active.NeuronCount; j++)
                    counts[i, j] += i != j && active.IsActive(token, new NeuronId(j)) ? 1 : 0;
            }
        }
        return counts;
    }
}
