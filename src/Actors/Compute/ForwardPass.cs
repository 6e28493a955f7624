using Neuralink.Actors.Prediction;
using Neuralink.Models.Inference;
using Neuralink.Placement;

namespace Neuralink.Actors.Compute;

/// <summary>The arithmetic of a forward pass over one chunk of tokens.</summary>
internal interface IForwardPass
{
    /// <summary>
    /// Embeds the tokens, the first of which stands at <paramref name="position"/>, and fills the inputs for what is looked ahead to from
    /// them.
    /// </summary>
    public void Begin(ReadOnlySpan<int> tokens, int position);

    /// <summary>Attention, the FFN's input, and the input of the layer that is looked ahead to from here.</summary>
    public void Attend(LayerIndex layer);

    /// <summary>Activations of some ordinals of a lease, whose bundles lie in <paramref name="frames"/>[ordinal].</summary>
    /// <returns>How many (neuron, token) pairs fired.</returns>
    public int Activate(ReadOnlyMemory<int> ordinals, ReadOnlyMemory<int> frames);

    /// <summary>Adds the down columns of a lease, in the order of its frames.</summary>
    public void AddDown(ReadOnlyMemory<int> frames);

    /// <summary>Adds the FFN's output to the residual stream.</summary>
    public void EndLayer(LayerIndex layer);

    /// <summary>The logits [vocabulary] after token <paramref name="row"/> of the chunk, valid until the next call.</summary>
    public ReadOnlySpan<float> Logits(int row);
}

/// <summary>A model's.</summary>
/// <param name="decoder">The resident half.</param>
/// <param name="sequence">The keys and values of the text that runs.</param>
/// <param name="rows">The rows of the pass that runs.</param>
/// <param name="ffn">The other half.</param>
/// <param name="lookahead">What is looked ahead to, and from what.</param>
internal sealed class ModelForwardPass(
    Decoder decoder, KvSequence sequence, ForwardPass rows, SparseFfn ffn, LookaheadInputs lookahead) : IForwardPass
{
    private int _batch;

    public void Begin(ReadOnlySpan<int> tokens, int position)
    {
        _batch = tokens.Length;
        sequence.Truncate(position);
        rows.Clear();
        rows.Add(sequence, tokens, logits: tokens.Length);      // of which Compute asks for those it needs
        decoder.Begin(rows);
        lookahead.Begin(decoder, _batch);
    }

    public void Attend(LayerIndex layer)
    {
        decoder.Attend(layer.Value);
        lookahead.Reach(decoder, layer, _batch);
    }

    public int Activate(ReadOnlyMemory<int> ordinals, ReadOnlyMemory<int> frames) => ffn.Activate(ordinals, frames, _batch);

    public void AddDown(ReadOnlyMemory<int> frames) => ffn.AddDown(frames, _batch);

    public void EndLayer(LayerIndex layer) => decoder.AddFfn(layer.Value);

    public ReadOnlySpan<float> Logits(int row) => decoder.Logits(row, 1);
}
