namespace Neuralink.Placement;

/// <summary>
/// Which neuron lies at which slot of one layer, in both directions. The only place where ids become positions.
/// </summary>
public sealed class Permutation
{
    private readonly int[] _neuronOfSlot;
    private readonly int[] _slotOfNeuron;

    private Permutation(int[] neuronOfSlot, int[] slotOfNeuron)
    {
        _neuronOfSlot = neuronOfSlot;
        _slotOfNeuron = slotOfNeuron;
    }

    /// <summary>The number of neurons of the layer, and of its slots.</summary>
    public int Count => _neuronOfSlot.Length;

    /// <summary>The model's own order: slot i holds neuron i.</summary>
    public static Permutation Identity(int count)
    {
        int[] order = new int[count];
        for (int i = 0; i < count; i++)
            order[i] = i;
        return new Permutation(order, order);
    }

    /// <summary>Builds both directions from an order that an ordering method made.</summary>
    /// <exception cref="ArgumentException">It is no permutation.</exception>
    public static Permutation Of(ReadOnlySpan<int> neuronOfSlot)
    {
        if (TryCreate(neuronOfSlot, out Permutation? permutation, out int badSlot))
            return permutation;
        string flaw = $"Slot {badSlot} holds neuron {neuronOfSlot[badSlot]}, which is out of range or repeated.";
        throw new ArgumentException(flaw, nameof(neuronOfSlot));
    }

    /// <summary>Builds both directions from an order that may be wrong because it was read from a file.</summary>
    /// <param name="neuronOfSlot">[slots]; copied.</param>
    /// <param name="permutation">The permutation, or null if <paramref name="neuronOfSlot"/> is none.</param>
    /// <param name="badSlot">The first slot whose entry is out of range or repeats an earlier one, or -1.</param>
    /// <returns>Whether every neuron appears exactly once.</returns>
    public static bool TryCreate(
        ReadOnlySpan<int> neuronOfSlot,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Permutation? permutation,
        out int badSlot)
    {
        int[] slotOfNeuron = new int[neuronOfSlot.Length];
        Array.Fill(slotOfNeuron, -1);
        for (int slot = 0; slot < neuronOfSlot.Length; slot++)
        {
            int neuron = neuronOfSlot[slot];
            if ((uint)neuron >= (uint)slotOfNeuron.Length || slotOfNeuron[neuron] >= 0)
            {
                permutation = null;
                badSlot = slot;
                return false;
            }
            slotOfNeuron[neuron] = slot;
        }
        permutation = new Permutation(neuronOfSlot.ToArray(), slotOfNeuron);
        badSlot = -1;
        return true;
    }

    /// <summary>The neuron whose bundle lies at <paramref name="slot"/>.</summary>
    public NeuronId NeuronAt(Slot slot) => new(_neuronOfSlot[slot.Value]);

    /// <summary>The slot that holds <paramref name="neuron"/>'s bundle.</summary>
    public Slot SlotOf(NeuronId neuron) => new(_slotOfNeuron[neuron.Value]);

    /// <summary>[slots], the neuron at each slot, as the image stores it.</summary>
    public ReadOnlySpan<int> NeuronOfSlot => _neuronOfSlot;
}
