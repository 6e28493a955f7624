using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Ordering.Annealing;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Ordering;

/// <summary>
/// Method `best`. What takes time is the cost of the reads, not how often neighbours fire together, so this method makes reads cheap. It
/// starts from the greedy order and exchanges neurons (<see cref="Annealer"/>), given the device's cost of bridging a gap or reading apart
/// (<see cref="GapCost"/>). Half of the tokens in its sample want all neurons that fired. The other half want only those that a cache would
/// not have held. An order for the first half alone would spend its best places on neurons that are never read.
/// </summary>
internal static class BestOrdering
{
    // Measured (docs/experiments/orders.md): twice as many tokens hardly make the reads of unseen tokens cheaper.
    private const int TokensMax = 4096;

    // Limits each of the three tables by slot and token. A layer of 16384 neurons reaches this limit.
    private const long TableBytesMax = 64L << 20;

    // If bundles are so large that only small gaps pay, only direct neighbours matter. The greedy search chooses these so well that
    // annealing never gained more than a few parts in a thousand (docs/experiments/orders.md).
    private const int ReachMin = 10;

    /// <summary>Whether bundles are small enough, given what reads cost, for the search to gain anything.</summary>
    public static bool IsWorthIt(OrderingOptions options) => new GapCost(options.Cost, options.StrideBytes).Reach >= ReachMin;

    /// <summary>Improves on <paramref name="start"/>.</summary>
    /// <param name="active">The trace of the layer.</param>
    /// <param name="start">The first order, [slots].</param>
    /// <param name="options">The device, the cache, and the number of steps.</param>
    /// <param name="cancellation">Ends the search with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>
    /// An order that costs no more than <paramref name="start"/> on <paramref name="active"/>, with the cache and without it.
    /// </returns>
    public static int[] Order(ActivationMatrix active, int[] start, OrderingOptions options, CancellationToken cancellation)
    {
        EvaluationSetup setup = new() { StrideBytes = options.StrideBytes, Cost = options.Cost };
        if (!IsWorthIt(options))
            return start;
        int[][] wanted = [.. Sample(active, cachedShare: 0), .. Sample(active, options.CachedShare)];
        if (wanted.Length == 0)
            return start;
        TokenSample sample = new(active.NeuronCount, wanted);
        Annealer annealer = new(sample, new GapCost(options.Cost, options.StrideBytes), start, options.Seed);
        int[] order = annealer.Run((long)options.StepsPerNeuron * active.NeuronCount, cancellation);
        return IsNoDearer(cachedShare: 0) && IsNoDearer(options.CachedShare) ? order : start;

        bool IsNoDearer(double cachedShare) => Micros(order, cachedShare) <= Micros(start, cachedShare);

        double Micros(int[] neuronOfSlot, double cachedShare)
        {
            cancellation.ThrowIfCancellationRequested();
            return OrderCost.MicrosOf(active, Permutation.Of(neuronOfSlot), setup, cachedShare);
        }
    }

    /// <summary>The bytes that the method takes in addition to the trace.</summary>
    public static long BytesOf(ActivationMatrix active)
    {
        int tokens = Math.Min(active.TokenCount, TokensOf(active.NeuronCount));
        double perToken = active.TokenCount == 0 ? 0 : (double)active.ActiveCount() / active.TokenCount;
        return SlotCosts.BytesOf(active.NeuronCount, tokens) + (long)(3 * sizeof(int) * perToken * tokens);
    }

    private static int TokensOf(int neuronCount) => (int)Math.Min(TokensMax, TableBytesMax / neuronCount);

    // The neurons that evenly spread tokens miss. All tokens are played, so that the cache holds what it would hold.
    private static IEnumerable<int[]> Sample(ActivationMatrix active, double cachedShare)
    {
        int count = TokensOf(active.NeuronCount) / 2;
        int step = Math.Max(1, (active.TokenCount + count - 1) / count);
        MissedNeurons missed = new(active, cachedShare);
        for (int token = 0; token < active.TokenCount; token++)
        {
            ReadOnlySpan<int> neurons = missed.Next();
            if (token % step == 0)
                yield return neurons.ToArray();
        }
    }
}
