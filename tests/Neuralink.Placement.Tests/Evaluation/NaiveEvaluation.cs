using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Tests.Evaluation;

/// <summary>Lists and sets instead of bits: what an order costs to read from, and what a cache would hold.</summary>
internal static class NaiveEvaluation
{
    public static ReadTotals Of(FiringMatrix firing, int[] neuronOfSlot, EvaluationSetup setup)
    {
        int gap = setup.Cost.BreakEvenGapSlots(setup.StrideBytes), longest = Math.Max(1, setup.ReadBytesMax / setup.StrideBytes);
        long reads = 0, used = 0, read = 0;
        double micros = 0;
        foreach (int[] missed in Missed(firing, (int)(setup.CachedShare * firing.NeuronCount)))
        {
            List<List<int>> plan = [];
            foreach (int slot in missed.Select(neuron => Array.IndexOf(neuronOfSlot, neuron)).Order())
            {
                if (plan.Count == 0 || slot - plan[^1][^1] - 1 > gap || slot - plan[^1][0] + 1 > longest)
                    plan.Add([]);
                plan[^1].Add(slot);
            }
            used += missed.Length;
            reads += plan.Count;
            foreach (List<int> extent in plan)
            {
                int length = extent[^1] - extent[0] + 1;
                read += length;
                micros += setup.Cost.MicrosOf((long)length * setup.StrideBytes);
            }
        }
        return new ReadTotals(reads, used, read, micros);
    }

    /// <summary>
    /// What each token misses, in a clock of second chances told as a queue: whoever comes to the front unused goes, whoever was used gives up
    /// one of at most three uses and queues again.
    /// </summary>
    public static List<int[]> Missed(FiringMatrix firing, int capacity)
    {
        List<(int Neuron, int Uses)> queue = [];
        List<int[]> missedByToken = [];
        for (int token = 0; token < firing.TokenCount; token++)
        {
            List<int> missed = [];
            foreach (int neuron in Enumerable.Range(0, firing.NeuronCount).Where(n => firing.Fires(token, new NeuronId(n))))
            {
                int at = queue.FindIndex(entry => entry.Neuron == neuron);
                if (at < 0)
                    missed.Add(neuron);
                else
                    queue[at] = (neuron, Math.Min(3, queue[at].Uses + 1));
            }
            foreach (int neuron in missed.TakeWhile(_ => capacity > 0))
            {
                while (queue.Count == capacity)
                {
                    (int oldest, int uses) = queue[0];
                    queue.RemoveAt(0);
                    if (uses > 0)
                        queue.Add((oldest, uses - 1));
                }
                queue.Add((neuron, 0));
            }
            missedByToken.Add([.. missed]);
        }
        return missedByToken;
    }
}
