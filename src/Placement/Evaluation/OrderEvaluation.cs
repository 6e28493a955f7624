using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Evaluation;

/// <summary>
/// What an order of one layer costs to read from: plays a trace token by token through a cache of the layer's own and adds up what the reads cost.
/// </summary>
public static class OrderEvaluation
{
    /// <summary>Plays <paramref name="firing"/> from an empty cache.</summary>
    /// <param name="firing">The test trace of the layer.</param>
    /// <param name="order">Which neuron lies at which slot.</param>
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
