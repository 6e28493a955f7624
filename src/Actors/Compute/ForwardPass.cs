using Neuralink.Actors.Prediction;
using Neuralink.Actors.Protocols;
using Neuralink.Models.Inference;
using Neuralink.Placement;

namespace Neuralink.Actors.Compute;

/// <summary>The arithmetic of a forward pass.</summary>
internal interface IForwardPass
{
    /// <summary>
    /// Makes a row of each token of the parts, one part after the other, embeds them, and fills the inputs for what is looked ahead to
    /// from them.
    /// </summary>
    public void Begin(IReadOnlyList<SequencePart> parts);

    /// <summary>Attention, the FFN's input, and the input of the layer that is looked ahead to from here.</summary>
    public void Attend(LayerIndex layer);

    /// <summary>Activations of some ordinals of a lease, whose bundles lie in <paramref name="frames"/>[ordinal].</summary>
    /// <returns>How many (neuron, token) pairs fired.</returns>
    public int Activate(ReadOnlyMemory<int> ordinals, ReadOnlyMemory<int> frames);

    /// <summary>Adds the down columns of a lease, in the order of its frames.</summary>
    public void AddDown(ReadOnlyMemory<int> frames);

    /// <summary>Adds the FFN's output to the residual stream.</summary>
    public void EndLayer(LayerIndex layer);

    /// <summary>
    /// The logits [vocabulary] after row number <paramref name="wanted"/> of those that want them, valid until the next call.
    /// </summary>
    public ReadOnlySpan<float> Logits(int wanted);
}

/// <summary>A model's.</summary>
/// <param name="decoder">The resident half.</param>
/// <param name="rows">The rows of the pass that runs.</param>
/// <param name="ffn">The other half.</param>
/// <param name="lookahead">What is looked ahead to, and from what.</param>
internal sealed class ModelForwardPass(
    Decoder decoder, ForwardPass rows, SparseFfn ffn, LookaheadInputs lookahead) : IForwardPass
{
    public void Begin(IReadOnlyList<SequencePart> parts)
    {
        rows.Clear();
        foreach (SequencePart part in parts)
            rows.Add(part.Sequence, part.Tokens.Span, part.LogitsCount);
        decoder.Begin(rows);
        lookahead.Begin(decoder, rows.Count);
    }

    public void Attend(LayerIndex layer)
    {
        decoder.Attend(layer.Value);
        ffn.BeginLayer(layer.Value);
        lookahead.Reach(decoder, layer, rows.Count);
    }

    public int Activate(ReadOnlyMemory<int> ordinals, ReadOnlyMemory<int> frames) => ffn.Activate(ordinals, frames, rows.Count);

    public void AddDown(ReadOnlyMemory<int> frames) => ffn.AddDown(frames, rows.Count);

    public void EndLayer(LayerIndex layer) => decoder.AddFfn(layer.Value);

    public ReadOnlySpan<float> Logits(int wanted) => decoder.Logits(wanted, 1);
}
