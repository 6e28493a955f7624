using System.Numerics.Tensors;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference;

/// <summary>
/// The resident half of a forward pass, for one sequence. For each chunk of tokens the caller goes
/// <code>
/// Begin(tokens, position)
/// for each layer:  Attend(layer)  ->  its own FFN: reads Activations.FfnInput, adds to FfnOutput  ->  AddFfn(layer)
/// Logits(row)
/// </code>
/// Shapes: B tokens, d hidden, H query heads, G key/value heads, s head size. Results do not depend on the number of threads,
/// nor on how a prompt is cut into chunks.
/// </summary>
public sealed class Decoder
{
    private readonly ModelConfig _config;
    private readonly ResidentModel _model;
    private readonly KvCache _cache;
    private readonly WorkerPool _pool;
    private readonly Activations _a;
    private readonly LinearProduct _product = new();
    private readonly AttentionHeads _heads;
    private readonly float[] _frequencies;
    private readonly float[] _cos;
    private readonly float[] _sin;
    private int _position;
    private int _batch;

    public Decoder(NativeArena arena, ResidentModel model, KvCache cache, Activations activations, WorkerPool pool)
    {
        _config = model.Config;
        _model = model;
        _cache = cache;
        _pool = pool;
        _a = activations;
        _heads = new AttentionHeads(arena, _config, cache, pool.Threads);
        _frequencies = new float[_config.HeadSize / 2];
        _cos = new float[_frequencies.Length];
        _sin = new float[_frequencies.Length];
        RopeScaling.FillInverseFrequencies(_config, _frequencies);
    }

    /// <summary>Embeds <paramref name="tokens"/> [B], of which the first stands at <paramref name="position"/>, into the residual stream.</summary>
    public void Begin(ReadOnlySpan<int> tokens, int position)
    {
        _batch = tokens.Length;
        _position = position;
        bool projected = _model.ProjectIn is not null;
        for (int b = 0; b < _batch; b++)
            Row(_model.Embedding, tokens[b], projected ? _a.Embedded.Row(b) : _a.Residual.Row(b));
        if (_model.ProjectIn is { } projectIn)
            _product.Run(_pool, projectIn, _a.Embedded, _a.Residual, _batch);
        if (_model.Positions is { } positions)
        {
            Span<float> row = _a.Normed.Row(0);
            for (int b = 0; b < _batch; b++)
            {
                Row(positions, position + b + _config.PositionOffset, row);
                TensorPrimitives.Add(_a.Residual.Row(b), row, _a.Residual.Row(b));
            }
        }
    }

    /// <summary>
    /// Goes on with tokens whose residual stream [B, d] was copied out of <see cref="Activations.Residual"/> after some layer, instead of
    /// <see cref="Begin"/>: so many chunks can be taken through one layer before the next.
    /// </summary>
    public void Resume(ReadOnlySpan<float> residual, int position)
    {
        _batch = residual.Length / _config.HiddenSize;
        _position = position;
        residual.CopyTo(_a.Residual.First(_batch));
    }

    /// <summary>residual += attention(norm(residual)); FfnInput = norm(residual); FfnOutput = 0. (Post-norm: the norm comes after the sum.)</summary>
    public void Attend(int layer)
    {
        ResidentLayer w = _model.Layers[layer];
        Span<float> residual = _a.Residual.First(_batch), normed = _a.Normed.First(_batch);
        if (!_config.PostNorm)
            w.AttentionNorm.Apply(residual, normed);
        _product.Run(_pool, w.QueryKeyValue, _config.PostNorm ? _a.Residual : _a.Normed, _a.Qkv, _batch);
        for (int b = 0; b < _batch; b++)
            StoreKeyValue(layer, b);
        _heads.Run(_pool, layer, _position, _batch, _a.Qkv, _a.Attended);
        _product.Run(_pool, w.AttentionOutput, _a.Attended, _a.Normed, _batch);
        TensorPrimitives.Add(residual, normed, residual);

        if (_config.PostNorm)
            w.AttentionNorm.Apply(residual, residual);
        NormaliseFfnInput(layer, residual, _a.FfnInput.First(_batch));
        _a.FfnOutput.First(_batch).Clear();
    }

    /// <summary>residual += FfnOutput + down bias. (Post-norm: normalised.)</summary>
    public void AddFfn(int layer)
    {
        ResidentLayer w = _model.Layers[layer];
        for (int b = 0; b < _batch; b++)
        {
            Span<float> output = _a.FfnOutput.Row(b), residual = _a.Residual.Row(b);
            if (w.DownBias is { } bias)
                TensorPrimitives.Add(output, bias.Row(0), output);
            TensorPrimitives.Add(residual, output, residual);
        }
        if (_config.PostNorm)
            w.FfnNorm.Apply(_a.Residual.First(_batch), _a.Residual.First(_batch));
    }

    /// <summary>The logits [vocabulary] after token <paramref name="row"/> of the chunk. Valid until the next call.</summary>
    public ReadOnlySpan<float> Logits(int row)
    {
        Span<float> x = _a.Normed.Row(0);
        if (_model.FinalNorm is { } norm)
            norm.Apply(_a.Residual.Row(row), x);
        else
            _a.Residual.Row(row).CopyTo(x);
        if (_model.ProjectOut is { } projectOut)
            _product.Run(_pool, projectOut, _a.Normed, _a.Embedded, 1);
        _product.Run(_pool, _model.Output, _model.ProjectOut is null ? _a.Normed : _a.Embedded, _a.Logits, 1);
        return _a.Logits.Row(0);
    }

    /// <summary>What <paramref name="layer"/>'s FFN would get if <paramref name="residual"/> [B, d] were the stream after its attention.</summary>
    public void NormaliseFfnInput(int layer, ReadOnlySpan<float> residual, Span<float> input)
    {
        if (_config.PostNorm)
            residual.CopyTo(input);
        else
            _model.Layers[layer].FfnNorm.Apply(residual, input);
    }

    private void StoreKeyValue(int layer, int b)
    {
        int queryWidth = _config.HeadCount * _config.HeadSize, kvWidth = _config.KvHeadCount * _config.HeadSize;
        Span<float> row = _a.Qkv.Row(b);
        if (_config.Family == ModelFamily.Llama)
        {
            Rope.FillTable(_frequencies, _position + b, _cos, _sin);
            Rope.Apply(row[..(queryWidth + kvWidth)], _config.HeadSize, _cos, _sin);
        }
        _cache.Store(layer, _position + b, row.Slice(queryWidth, kvWidth), row.Slice(queryWidth + kvWidth, kvWidth));
    }

    private static void Row(Linear table, int index, Span<float> row) => table.Weights.Kernels.Decode(table.Weights.Row(index), row);
}
