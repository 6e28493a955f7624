using Neuralink.Placement.Cost;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Evaluation;

/// <summary>
/// Tells what it costs to read one layer's neurons under an order. It plays a trace token by token through a cache of the layer's own, and
/// adds up what the reads cost.
/// </summary>
public static class OrderEvaluation
{
    /// <summary>Plays <paramref name="firing"/> from an empty cache.</summary>
    /// <param name="firing">The test trace of the layer.</param>
    /// <param name="order">The order of the layer's neurons.</param>
    /// <param name="setup">The device and the cache.</param>
    public static ReadTotals Of(FiringMatrix firing, Permutation order, EvaluationSetup setup)
    {
        if (order.Count != firing.NeuronCount)
            throw new ArgumentException($"{firing.NeuronCount} neurons expected, {order.Count} given.", nameof(order));
        MissedNeurons missed = new(firing, setup);
        TokenReads reads = new(firing.NeuronCount, setup);
        ReadTotals totals = default;
        for (int token = 0; token < firing.TokenCount; token++)
            totals += reads.Plan(missed.Next(), order);
        return totals;
    }
}

/// <summary>The device and the cache for which an order is evaluated.</summary>
public sealed record EvaluationSetup
{
    /// <summary>The bytes of a bundle on flash.</summary>
    public required int StrideBytes { get; init; }

    /// <summary>The cost of a read. Reads are planned so that the sum of their costs is least.</summary>
    public ReadCost Cost { get; init; } = ReadCost.Default;

    /// <summary>The cache's share of the layer's neurons, 0 to 1. The paper evaluates 5% (v3) and 10% (v1).</summary>
    public double CachedShare { get; init; }

    /// <summary>The largest read, as in the engine. Beyond 256 KiB bandwidth hardly grows.</summary>
    public int ReadBytesMax { get; init; } = 256 << 10;
}
