using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Storage;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference.Predictors;

/// <summary>
/// Knows roughly which neurons fire: it holds the matrix that decides it in 2, 3 or 4 bits a weight, quantised while it is loaded, without
/// training. A neuron is predicted when its approximate gate g~ comes near enough to firing:
/// <code>
/// g~ + Margin * e * |x| / sqrt(d) > threshold - bias        e = |w - w~|, the norm of what quantising took from the neuron's row
/// </code>
/// If the errors of a row and the input are independent, e |x| / sqrt(d) is the standard deviation of g~ - g, so the margin counts those.
/// </summary>
public sealed class SketchPredictor : NeuronPredictor, IParallelBody
{
    /// <summary>
    /// Four: what fewer bits save of memory, they cost in neurons read in vain. For a recall of 0.98 it predicts 1.08 of what fires on the
    /// bundled model, where 3 bits predict 1.23 and 2 bits 1.67 (docs/experiments/predictors.md).
    /// </summary>
    public const int DefaultBits = 4;

    private const string Resident = "resident";
    private const string Scratch = "activations";

    // Rows of a worker's share, a cache line of output floats.
    private const int GrainRows = 16;

    private readonly SketchKernels _kernels;
    private readonly SketchLayer[] _layers;
    private readonly int _columns;
    private readonly int _paddedColumns;
    private readonly NativeBuffer _quantized;      // [B, padded columns] int8
    private readonly SketchInput[] _inputs;        // [B]
    private readonly FloatTensor _gates;           // [B, f]
    private readonly bool[] _isActive;                // [f]
    private readonly int[] _active;                // [workers], neuron-token pairs
    private SketchLayer? _layer;
    private PredictedRows? _rows;
    private int _batch;

    private SketchPredictor(
        NativeArena arena, ModelConfig c, SketchKernels kernels, SketchLayer[] layers, float margin, int chunkTokens, int threads)
    {
        _kernels = kernels;
        _layers = layers;
        _columns = c.HiddenSize;
        _paddedColumns = kernels.PaddedColumns(c.HiddenSize);
        _quantized = arena.Allocate((long)chunkTokens * _paddedColumns, Scratch);
        _inputs = new SketchInput[chunkTokens];
        _gates = new FloatTensor(arena, chunkTokens, c.FfnSize, Scratch);
        _isActive = new bool[c.FfnSize];
        _active = new int[threads];
        Margin = margin;
    }

    /// <summary>
    /// Standard deviations of the quantising error by which a gate may miss its threshold and still be predicted: more finds more
    /// of the neurons that fire, and more that do not. May be set between predictions: another layer's input (lookahead) wants
    /// another margin than the layer's own.
    /// </summary>
    public float Margin { get; set; }

    /// <summary>
    /// The <see cref="Margin"/> for a layer's own input: the least at which a recall of 0.95 was reached on the bundled model and on
    /// synthetic opt-1.3b, rounded up (docs/experiments/predictors.md). They predict 1.1, 1.3 and 1.8 of what fires with 4, 3 and 2 bits.
    /// </summary>
    public static float DefaultMargin(int bits) => bits switch
    {
        2 => 1.3f,
        3 => 0.9f,
        4 => 0.5f,
        _ => throw new ArgumentOutOfRangeException(nameof(bits), bits, "A sketch has 2, 3 or 4 bits a weight."),
    };

    /// <summary>Bytes of the sketch and of the activations: what <see cref="Load"/> takes from the arena.</summary>
    public static long RequiredBytes(ModelConfig config, int bits, int chunkTokens)
    {
        SketchKernels kernels = SketchKernels.For(bits);
        return (config.LayerCount * SketchLayer.RequiredBytes(kernels, config.FfnSize, config.HiddenSize))
            + NativeArena.Aligned((long)chunkTokens * kernels.PaddedColumns(config.HiddenSize))
            + FloatTensor.RequiredBytes(chunkTokens, config.FfnSize);
    }

    /// <summary>Quantises the tensors of predictor.safetensors, row by row: the matrix itself is never in memory as a whole.</summary>
    /// <param name="source">Where they are.</param>
    /// <param name="arena">Takes <see cref="RequiredBytes"/>.</param>
    /// <param name="c">The model.</param>
    /// <param name="bits">Bits a weight, 2 to 4.</param>
    /// <param name="margin">The first <see cref="Margin"/>.</param>
    /// <param name="chunkTokens">The most tokens of a pass.</param>
    /// <param name="threads">Workers of the pools it will run on.</param>
    /// <exception cref="NeuralinkException">A tensor cannot be read.</exception>
    public static SketchPredictor Load(
        ITensorSource source, NativeArena arena, ModelConfig c, int bits, float margin, int chunkTokens, int threads)
    {
        SketchKernels kernels = SketchKernels.For(bits);
        SketchLayer[] layers = new SketchLayer[c.LayerCount];
        for (int i = 0; i < layers.Length; i++)
        {
            layers[i] = new SketchLayer(arena, kernels, c.FfnSize, c.HiddenSize, Resident);
            layers[i].Fill(source, kernels, TensorNames.Layer(c, i).Deciding, c.FfnBias, c.ActivationThreshold);
        }
        return new SketchPredictor(arena, c, kernels, layers, margin, chunkTokens, threads);
    }

    /// <summary>The same sketch with another margin, sharing all memory: the two are used in turns.</summary>
    public SketchPredictor WithMargin(float margin)
    {
        SketchPredictor twin = (SketchPredictor)MemberwiseClone();
        twin.Margin = margin;
        return twin;
    }

    /// <inheritdoc/>
    public override int Predict(
        WorkerPool pool, int layer, FloatTensor input, int batch, NeuronSet set, PredictedRows? rows = null)
    {
        rows?.Begin(batch, isExact: false);
        _layer = _layers[layer];
        _batch = batch;
        _rows = rows is { IsPartial: true } ? rows : null;
        for (int b = 0; b < batch; b++)
        {
            _inputs[b] = SketchInput.Quantize(
                input.Row(b), MemoryMarshal.Cast<byte, sbyte>(_quantized.Bytes((long)b * _paddedColumns, _paddedColumns)));
        }
        Array.Clear(_active);
        pool.Run(this, _isActive.Length, GrainRows);
        set.Clear();
        for (int n = 0; n < _isActive.Length; n++)
        {
            if (!_isActive[n])
                continue;
            _rows?.Compact(n, set.Count);
            set.Add(new NeuronId(n));
        }
        int predicted = 0;
        foreach (int share in _active)
            predicted += share;
        return predicted;
    }

    /// <inheritdoc/>
    public void Execute(int begin, int end, int worker)
    {
        SketchLayer layer = _layer!;
        ReadOnlySpan<SketchRow> rows = layer.Rows(begin, end);
        MatMulShape shape = new(end - begin, _columns, _batch, begin, _gates.Columns);
        _kernels.MatMul(
            layer.Packed(begin, end), rows, _quantized.Span<sbyte>(0, _batch * _paddedColumns), _inputs.AsSpan(0, _batch),
            _gates.First(_batch), shape);
        Span<bool> isActive = _isActive.AsSpan(begin, end - begin);
        ReadOnlySpan<float> silent = layer.Silent(begin, end);
        isActive.Clear();
        _rows?.Clear(begin, end);
        int active = 0;
        for (int b = 0; b < _batch; b++)
        {
            float margin = Margin * layer.Deviation(_inputs[b]);
            ReadOnlySpan<float> gates = _gates.Row(b)[begin..end];
            for (int n = 0; n < gates.Length; n++)
            {
                if (gates[n] + (margin * rows[n].Error) > silent[n])
                {
                    isActive[n] = true;
                    _rows?.Add(begin + n, b);
                    active++;
                }
            }
        }
        _active[worker] += active;
    }
}
