using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Ordering.Annealing;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Ordering;

/// <summary>
/// Method `best`: what takes time is not how often neighbours fire together but what the reads cost, so that is what it makes cheap. From the greedy's
/// order on it exchanges neurons (<see cref="Annealer"/>) under the device's cost of bridging a gap or reading apart (<see cref="GapCost"/>). Half
/// of the tokens it looks at want all neurons that fired, half only those that a cache would not have held: an order for the first alone
/// spends its best places on neurons that are never read.
/// </summary>
internal static class BestOrdering
{
    // Measured (docs/experiments.md): twice as many make unseen tokens hardly cheaper.
    private const int TokensMax = 4096;

    // Of the table of costs by slot and token, the largest part; a layer of 16384 neurons takes all of it.
    private const long TableBytesMax = 64L << 20;

    // With bundles so large that only small gaps pay, direct neighbours decide, which the greedy chooses so well that no search found more
    // than a few parts in a thousand (docs/experiments.md).
    private const int ReachMin = 10;

    /// <summary>Whether bundles are small enough, by what reads cost, for the search to find anything.</summary>
    public static bool IsWorthIt(OrderingOptions options) => new GapCost(options.Cost, options.StrideBytes).Reach >= ReachMin;

    /// <summary>Improves on <paramref name="start"/>.</summary>
    /// <param name="firing">Which neurons fire together.</param>
    /// <param name="start">The order to begin with, [slots].</param>
    /// <param name="options">The device, the cache, the effort.</param>
    /// <param name="cancellation">Ends the search with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>An order that on <paramref name="firing"/> costs no more than <paramref name="start"/>, with the cache as without.</returns>
    public static int[] Order(FiringMatrix firing, int[] start, OrderingOptions options, CancellationToken cancellation)
    {
        EvaluationSetup bare = new() { StrideBytes = options.StrideBytes, Cost = options.Cost };
        EvaluationSetup cached = bare with { CachedShare = options.CachedShare };
        if (!IsWorthIt(options))
            return start;
        int[][] wanted = [.. Sample(firing, bare), .. Sample(firing, cached)];
        if (wanted.Length == 0)
            return start;
        Annealer annealer = new(new TokenSample(firing.NeuronCount, wanted), new GapCost(options.Cost, options.StrideBytes), start, options.Seed);
        int[] order = annealer.Run((long)options.StepsPerNeuron * firing.NeuronCount, cancellation);
        return Micros(order, bare) <= Micros(start, bare) && Micros(order, cached) <= Micros(start, cached) ? order : start;

        double Micros(int[] neuronOfSlot, EvaluationSetup setup)
        {
            cancellation.ThrowIfCancellationRequested();
            return OrderEvaluation.Of(firing, Permutation.Of(neuronOfSlot), setup).Micros;
        }
    }

    /// <summary>Bytes that it takes beyond the trace.</summary>
    public static long BytesOf(FiringMatrix firing)
    {
        int tokens = Math.Min(firing.TokenCount, TokensOf(firing.NeuronCount));
        double perToken = firing.TokenCount == 0 ? 0 : (double)firing.FiringCount() / firing.TokenCount;
        return SlotCosts.BytesOf(firing.NeuronCount, tokens) + (long)(3 * sizeof(int) * perToken * tokens);
    }

    private static int TokensOf(int neuronCount) => (int)Math.Min(TokensMax, TableBytesMax / neuronCount);

    // What evenly spread tokens miss; the tokens between them keep the cache as it would be.
    private static IEnumerable<int[]> Sample(FiringMatrix firing, EvaluationSetup setup)
    {
        int count = TokensOf(firing.NeuronCount) / 2, step = Math.Max(1, (firing.TokenCount + count - 1) / count);
        MissedNeurons missed = new(firing, setup);
        for (int token = 0; token < firing.TokenCount; token++)
        {
            ReadOnlySpan<int> neurons = missed.Next();
            if (token % step == 0)
                yield return neurons.ToArray();
        }
    }
}
