using Neuralink.Actors.Prediction;
using Neuralink.Actors.Protocols;
using Neuralink.Models.Inference;
using Neuralink.Pipeline.Residency;
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

    /// <summary>Activations of some ordinals of a lease.</summary>
    /// <param name="ordinals">Which.</param>
    /// <param name="lease">Has their neurons, and the frames that their bundles lie in.</param>
    /// <returns>How many (neuron, token) pairs fired.</returns>
    public int Activate(ReadOnlyMemory<int> ordinals, FrameLease lease);

    /// <summary>Adds the down columns of a lease, in the order of its frames.</summary>
    public void AddDown(ReadOnlyMemory<int> frames);

    /// <summary>Adds the FFN's output to the residual stream.</summary>
    public void EndLayer(LayerIndex layer);

    /// <summary>Rows whose logits are there at a time.</summary>
    public int LogitRows { get; }

    /// <summary>
    /// The logits [count, vocabulary] after the rows from number <paramref name="first"/> on of those that want them, valid until the next
    /// call.
    /// </summary>
    public ReadOnlySpan<float> Logits(int first, int count);
}

/// <summary>A model's.</summary>
/// <param name="decoder">The resident half.</param>
/// <param name="rows">The rows of the pass that runs.</param>
/// <param name="ffn">The other half.</param>
/// <param name="lookahead">What is looked ahead to, and from what.</param>
/// <param name="logitRows">Rows whose logits are there at a time.</param>
/// <param name="predicted">For which rows each neuron of the layer was predicted; null where the predictor leaves nothing out.</param>
internal sealed class ModelForwardPass(
    Decoder decoder, ForwardPass rows, SparseFfn ffn, LookaheadInputs lookahead, int logitRows, PredictedRows? predicted) : IForwardPass
{
    public int LogitRows => logitRows;

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
        ffn.BeginLayer(layer.Value, rows.Count);
        lookahead.Reach(decoder, layer, rows.Count);
    }

    public int Activate(ReadOnlyMemory<int> ordinals, FrameLease lease)
    {
        ffn.BeginSet(predicted, lease.EarlierCount, lease.Neurons);
        return ffn.Activate(ordinals, lease.Frames, rows.Count);
    }

    public void AddDown(ReadOnlyMemory<int> frames) => ffn.AddDown(frames, rows.Count);

    public void EndLayer(LayerIndex layer) => decoder.AddFfn(layer.Value);

    public ReadOnlySpan<float> Logits(int first, int count) => decoder.Logits(first, count);
}
