using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Reads;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Tests.Evaluation;

/// <summary>The reads of all wanted neurons of a trace under an order, planned by the engine's planner.</summary>
internal readonly record struct PlannedReads(long Reads, double Micros)
{
    public static PlannedReads Of(ActivationMatrix wanted, int[] neuronOfSlot, EvaluationSetup setup)
    {
        Permutation order = Permutation.Of(neuronOfSlot);
        ReadPlanner planner = new(setup.Cost, setup.StrideBytes, setup.ExtentSlotsMax, wanted.NeuronCount);
        int[] neurons = new int[wanted.NeuronCount];
        Extent[] extents = new Extent[wanted.NeuronCount];
        (long reads, double micros) = (0, 0);
        for (int token = 0; token < wanted.TokenCount; token++)
        {
            int count = wanted.CopyActive(token, neurons);
            Slot[] slots = [.. neurons[..count].Select(n => order.SlotOf(new NeuronId(n))).OrderBy(slot => slot.Value)];
            int planned = planner.Plan(slots, bridging: true, extents);
            reads += planned;
            micros += extents[..planned].Sum(e => setup.Cost.MicrosOf((long)e.SlotCount * setup.StrideBytes));
        }
        return new PlannedReads(reads, micros);
    }
}
