namespace Neuralink.Placement;

/// <summary>Index of a decoder layer, 0-based.</summary>
public readonly record struct LayerIndex(int Value)
{
    /// <inheritdoc/>
    public override string ToString() => $"layer {Value}";
}

/// <summary>Index of an FFN neuron within its layer, in the model's own numbering. Never a position on flash.</summary>
public readonly record struct NeuronId(int Value)
{
    /// <inheritdoc/>
    public override string ToString() => $"neuron {Value}";
}

/// <summary>Position of a bundle within its layer's part of the flash image. Never a neuron's id.</summary>
public readonly record struct Slot(int Value)
{
    /// <inheritdoc/>
    public override string ToString() => $"slot {Value}";
}
