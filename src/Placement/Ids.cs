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

/// <summary>One neuron of the whole model: its layer, and its number there, as one integer. <see cref="NeuronKeys"/> converts.</summary>
public readonly record struct NeuronKey(int Value)
{
    /// <inheritdoc/>
    public override string ToString() => $"key {Value}";
}

/// <summary>The keys of a model's neurons: layer by layer, and by number within a layer.</summary>
/// <param name="LayerCount">Layers of the model with neurons of their own; 1 where all layers share theirs.</param>
/// <param name="NeuronsPerLayer">FFN neurons of each.</param>
public readonly record struct NeuronKeys(int LayerCount, int NeuronsPerLayer)
{
    /// <summary>How many there are: they are 0 to one less.</summary>
    public int Count => checked(LayerCount * NeuronsPerLayer);

    /// <summary>The key of a neuron.</summary>
    public NeuronKey Of(LayerIndex layer, NeuronId neuron) =>
        new((LayerCount == 1 ? 0 : layer.Value * NeuronsPerLayer) + neuron.Value);

    /// <summary>The layer of a key.</summary>
    public LayerIndex LayerOf(NeuronKey key) => new(key.Value / NeuronsPerLayer);
}
