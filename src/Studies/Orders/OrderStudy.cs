using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Traces;
using Neuralink.Studies.Simulation;

namespace Neuralink.Studies.Orders;

/// <summary>
/// Tells what it costs to read one layer's neurons under an order: the layer alone is played through the engine's machines, token by
/// token, with a cache of its own of the default policy.
/// <para>
/// The cache admits each bundle as if it were read alone. So what it misses does not depend on the order, orders are compared for the same
/// wanted bundles, and <see cref="OrderBound"/> holds for all of them.
/// </para>
/// </summary>
public static class OrderStudy
{
    /// <summary>Plays <paramref name="active"/> from an empty cache.</summary>
    /// <param name="active">The test trace of the layer.</param>
    /// <param name="order">The order of the layer's neurons.</param>
    /// <param name="setup">The device.</param>
    /// <param name="cachedShare">The cache's share of the layer's neurons, 0 to 1. The paper evaluates 5% (v3) and 10% (v1).</param>
    /// <returns>The sums over all tokens, and the neurons that each token had to read.</returns>
    /// <exception cref="ArgumentException">The order is of another number of neurons.</exception>
    public static (ReadTotals Totals, ActivationMatrix Missed) Of(
        ActivationMatrix active, Permutation order, EvaluationSetup setup, double cachedShare)
    {
        int neurons = active.NeuronCount;
        ulong[] missed = new ulong[active.TokenCount * active.WordsPerToken];
        TraceSimulation simulation = new(new TraceSetup
        {
            Layers = [active],
            Orders = [order],
            Strategy = StrategySwitches.Of(ExecutionStrategy.Serial),
            Limits = new CacheLimits((int)(cachedShare * neurons), LeasedMax: neurons, PrefetchedMax: 0),
            Policy = new CacheOptions { SegmentProbability = 1 },
            StrideBytes = setup.StrideBytes,
            ExtentSlotsMax = Math.Min(setup.ExtentSlotsMax, neurons),
            PlannedCost = setup.Cost,
            Device = new DeviceTimes(setup.Cost),
            IsTimed = false,
            Reading = Mark,
        });
        SimulatedRun run = simulation.Play(0..active.TokenCount);
        return (TotalsOf(run), new ActivationMatrix(neurons, missed));

        void Mark(Range rows, ReadTicket read)
        {
            Span<ulong> row = missed.AsSpan(rows.Start.Value * active.WordsPerToken, active.WordsPerToken);
            foreach (Slot slot in read.Batch.Slots.Slice(read.SlotIndex, read.WantedCount))
            {
                int neuron = order.NeuronAt(slot).Value;
                row[neuron / 64] |= 1UL << (neuron % 64);
            }
        }
    }

    private static ReadTotals TotalsOf(SimulatedRun run)
    {
        long asked = run.Counts[Counter.BundlesAsked];
        return new ReadTotals(run.Counts[Counter.Reads], asked, asked + run.Counts[Counter.BundlesBridged], run.DeviceMicros);
    }
}
