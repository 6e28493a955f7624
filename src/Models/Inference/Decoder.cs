using System.Numerics.Tensors;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference;

/// <summary>
/// The resident half of a forward pass. For each pass the caller goes
/// <code>
/// Begin(pass)
/// for each layer:  Attend(layer)  ->  its own FFN: reads Activations.FfnInput, adds to FfnOutput  ->  AddFfn(layer)
/// Logits(first, count)
/// </code>
/// Shapes: B rows, d hidden, H query heads, G key/value heads, s head size. What a row gives depends only on the tokens of its sequence up
/// to it: not on the number of threads, on how a prompt is cut into chunks, nor on what other rows the pass has.
/// </summary>
public sealed class Decoder
{
    private readonly ModelConfig _config;
    private readonly ResidentModel _model;
    private readonly WorkerPool _pool;
    private readonly Activations _a;
    private readonly LinearProduct _product;
    private readonly AttentionHeads _heads;
    private readonly RotaryFrequencies _frequencies;
    private readonly float[] _cos;             // [B, rotary width / 2], each row's rotation
    private readonly float[] _sin;
    private ForwardPass _pass;

    /// <param name="arena">Takes the scores of attention.</param>
    /// <param name="model">The weights.</param>
    /// <param name="activations">The pass's buffers.</param>
    /// <param name="positionsMax">The most positions of a sequence.</param>
    /// <param name="pool">Shares the work.</param>
    public Decoder(NativeArena arena, ResidentModel model, Activations activations, int positionsMax, WorkerPool pool)
    {
        _config = model.Config;
        _model = model;
        _pool = pool;
        _a = activations;
        _product = new LinearProduct(activations.Quantized);
        _heads = new AttentionHeads(arena, _config, positionsMax, activations.ChunkTokens, pool.Threads);
        _frequencies = RotaryFrequencies.Of(_config, positionsMax);
        _cos = new float[activations.ChunkTokens * _frequencies.Inverse.Length];
        _sin = new float[_cos.Length];
        _pass = new ForwardPass(0);
    }

    /// <summary>
    /// Embeds the rows of <paramref name="pass"/> into the residual stream.
    /// The pass does not change until the next one begins.
    /// </summary>
    public void Begin(ForwardPass pass)
    {
        Take(pass);
        FloatTensor embedded = _model.ProjectIn is null ? _a.Residual : _a.Embedded;
        for (int b = 0; b < pass.Count; b++)
            _model.Embedding.Read(pass.Rows[b].Token, embedded.Row(b));
        if (_config.EmbeddingScale != 1)
            TensorPrimitives.Multiply(embedded.First(pass.Count), _config.EmbeddingScale, embedded.First(pass.Count));
        if (_model.ProjectIn is { } projectIn)
            _product.Run(_pool, projectIn, _a.Embedded, _a.Residual, pass.Count);
        if (_model.Positions is { } positions)
        {
            Span<float> row = _a.Normed.Row(0);
            for (int b = 0; b < pass.Count; b++)
            {
                Row(positions, pass.Rows[b].Position + _config.PositionOffset, row);
                TensorPrimitives.Add(_a.Residual.Row(b), row, _a.Residual.Row(b));
            }
        }
    }

    /// <summary>
    /// Goes on with rows whose residual stream [B, d] was copied out of <see cref="Activations.Residual"/> after some layer, instead of
    /// <see cref="Begin"/>: so many chunks can be taken through one layer before the next.
    /// </summary>
    public void Resume(ForwardPass pass, ReadOnlySpan<float> residual)
    {
        Take(pass);
        residual.CopyTo(_a.Residual.First(pass.Count));
    }

    /// <summary>
    /// residual += attention(norm(residual)); FfnInput = norm(residual); FfnOutput = 0. Post-norm: the norm comes after the sum. Parallel:
    /// the FFN's input is from the residual before the attention.
    /// </summary>
    public void Attend(int layer)
    {
        ResidentLayer w = _model.Layers[layer];
        int batch = _pass.Count;
        Span<float> residual = _a.Residual.First(batch), normed = _a.Normed.First(batch);
        if (!_config.PostNorm)
            w.AttentionNorm.Apply(residual, normed);
        if (_config.IsParallel)
        {
            residual.CopyTo(_a.FfnResidual.First(batch));
            NormaliseFfnInput(layer, residual, _a.FfnInput.First(batch));
        }
        _product.Run(_pool, w.QueryKeyValue, _config.PostNorm ? _a.Residual : _a.Normed, _a.Qkv, batch);
        for (int b = 0; b < batch; b++)
            StoreKeyValue(layer, w, b);
        _heads.Run(_pool, layer, _pass, _a.Qkv, _a.Attended);
        _product.Run(_pool, w.AttentionOutput, _a.Attended, _a.Normed, batch);
        AddToResidual(normed, residual);

        if (_config.PostNorm)
            w.AttentionNorm.Apply(residual, residual);
        if (!_config.IsParallel)
            NormaliseFfnInput(layer, residual, _a.FfnInput.First(batch));
        _a.FfnOutput.First(batch).Clear();
    }

    /// <summary>residual += FfnOutput + down bias. (Post-norm: normalised.)</summary>
    public void AddFfn(int layer)
    {
        ResidentLayer w = _model.Layers[layer];
        for (int b = 0; b < _pass.Count; b++)
        {
            Span<float> output = _a.FfnOutput.Row(b);
            if (w.DownBias is { } bias)
                TensorPrimitives.Add(output, bias.Row(0), output);
            AddToResidual(output, _a.Residual.Row(b));
        }
        if (_config.PostNorm)
            w.FfnNorm.Apply(_a.Residual.First(_pass.Count), _a.Residual.First(_pass.Count));
    }

    /// <summary>The logits after <paramref name="count"/> of the pass's wanted rows. Valid until the next call.</summary>
    /// <param name="first">The first of them, as a number in <see cref="ForwardPass.WantedRows"/>.</param>
    /// <param name="count">1 to as many as <see cref="Activations.Logits"/> has rows.</param>
    /// <returns>[count, vocabulary].</returns>
    public ReadOnlySpan<float> Logits(int first, int count)
    {
        ReadOnlySpan<int> rows = _pass.WantedRows.Slice(first, count);
        for (int i = 0; i < rows.Length; i++)
        {
            if (_model.FinalNorm is { } norm)
                norm.Apply(_a.Residual.Row(rows[i]), _a.Normed.Row(i));
            else
                _a.Residual.Row(rows[i]).CopyTo(_a.Normed.Row(i));
        }
        if (_config.LogitScale != 1)
            TensorPrimitives.Multiply(_a.Normed.First(count), _config.LogitScale, _a.Normed.First(count));
        if (_model.ProjectOut is { } projectOut)
            _product.Run(_pool, projectOut, _a.Normed, _a.Embedded, count);
        _product.Run(_pool, _model.Output, _model.ProjectOut is null ? _a.Normed : _a.Embedded, _a.Logits, count);
        return _a.Logits.First(count);
    }

    /// <summary>
    /// What <paramref name="layer"/>'s FFN would get if <paramref name="residual"/> [B, d] were the stream after its attention.
    /// </summary>
    public void NormaliseFfnInput(int layer, ReadOnlySpan<float> residual, Span<float> input)
    {
        if (_config.PostNorm)
            residual.CopyTo(input);
        else
            _model.Layers[layer].FfnNorm.Apply(residual, input);
    }

    /// <summary>A pass begins, or goes on: its rows' rotations are the same in every layer.</summary>
    private void Take(ForwardPass pass)
    {
        ArgumentOutOfRangeException.ThrowIfZero(pass.Count, nameof(pass));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pass.Count, _a.ChunkTokens, nameof(pass));
        _pass = pass;
        for (int b = 0; b < pass.Count; b++)
        {
            Rope.FillTable(
                _frequencies.Inverse, pass.Rows[b].Position, _frequencies.Amplitude, Rotation(_cos, b), Rotation(_sin, b));
        }
    }

    private void AddToResidual(ReadOnlySpan<float> output, Span<float> residual)
    {
        if (_config.ResidualScale == 1)
            TensorPrimitives.Add(residual, output, residual);
        else
            TensorPrimitives.FusedMultiplyAdd(output, _config.ResidualScale, residual, residual);
    }

    private void StoreKeyValue(int layer, ResidentLayer w, int b)
    {
        int queryWidth = _config.HeadCount * _config.HeadSize, kvWidth = _config.KvHeadCount * _config.HeadSize;
        Span<float> row = _a.Qkv.Row(b);
        w.QueryNorm?.Apply(row[..queryWidth], row[..queryWidth]);
        w.KeyNorm?.Apply(row.Slice(queryWidth, kvWidth), row.Slice(queryWidth, kvWidth));
        if (_config.RotaryPairs == RotaryPairs.Halves)
            Rope.Apply(row[..(queryWidth + kvWidth)], _config.HeadSize, Rotation(_cos, b), Rotation(_sin, b));
        else
            Rope.ApplyToNeighbours(row[..(queryWidth + kvWidth)], _config.HeadSize, Rotation(_cos, b), Rotation(_sin, b));
        PassRow at = _pass.Rows[b];
        at.Sequence.Store(layer, at.Position, _config.HeadSize, row.Slice(queryWidth, kvWidth), row.Slice(queryWidth + kvWidth, kvWidth));
    }

    private Span<float> Rotation(float[] table, int b) => table.AsSpan(b * _frequencies.Inverse.Length, _frequencies.Inverse.Length);

    private static void Row(Linear table, int index, Span<float> row) => table.Weights.Kernels.Decode(table.Weights.Row(index), row);
}
