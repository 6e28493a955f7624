using System.Numerics;
using System.Runtime.Intrinsics;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference.Predictors;

/// <summary>
/// Knows exactly which neurons fire: it holds the matrix that decides it (the gate, or for a plain FFN the up matrix) and computes the
/// product. The values have the very bits that the bundle's own row gives, so a neuron it leaves out contributes exactly nothing.
/// </summary>
public sealed class ExactPredictor : NeuronPredictor, IParallelBody
{
    // Rows of a worker's share, a cache line of output floats, and the neurons of a word of bits.
    private const int GrainRows = 16;

    private readonly Linear[] _layers;
    private readonly ModelConfig _config;
    private readonly float[][]? _norms;        // [layer][f], of down columns
    private Activation _activation;
    private float[]? _weights;
    private readonly FloatTensor _gates;       // [B, f]
    private readonly ushort[] _activeBits;     // [f / 16 rounded up], a bit for each neuron that is active for any row
    private readonly int[] _active;            // [workers], neuron-token pairs
    private QuantizedRows? _quantized;
    private Linear? _linear;
    private FloatTensor? _input;
    private int _batch;
    private GateScreen? _screen;
    private bool _isScreening;
    private float _silent;                     // what is at most so much is not active, as the screen has it
    private int _decided;                      // neurons that the screen left open

    private ExactPredictor(ModelConfig config, Linear[] layers, FloatTensor gates, float[][]? norms, int threads)
    {
        _norms = norms;
        _layers = layers;
        _config = config;
        _gates = gates;
        _activeBits = new ushort[(config.FfnSize + GrainRows - 1) / GrainRows];
        _active = new int[threads];
    }

    /// <summary>
    /// The layer whose values it has, as it predicted last: of the pass that runs if it is that layer's turn, because a layer is
    /// predicted before it is computed. Another one after it has looked ahead.
    /// </summary>
    internal int HeldLayer { get; private set; } = -1;

    internal Linear[] Layers => _layers;

    /// <summary>Bytes of the activations.</summary>
    public static long RequiredBytes(ModelConfig config, WeightFormat format, int chunkTokens) =>
        FloatTensor.RequiredBytes(chunkTokens, config.FfnSize) + QuantizedRows.RequiredBytes(format, chunkTokens, config.HiddenSize);

    /// <summary>Takes the matrices that decide activity from memory, and room for activations from <paramref name="arena"/>.</summary>
    public static ExactPredictor Load(
        IWeightLoader weights, NativeArena arena, ModelConfig c, WeightFormat format, int chunkTokens, int threads,
        float[][]? norms = null)
    {
        if (c.WeighsNorms && norms is null)
            throw new ArgumentNullException(nameof(norms), "Which neurons are active depends on the norms of down columns.");
        Linear[] layers = DecidingRows.LoadLayers(weights, c, format);
        return new ExactPredictor(c, layers, new FloatTensor(arena, chunkTokens, c.FfnSize, "activations"), norms, threads)
        {
            _quantized = QuantizedRows.For(arena, format, chunkTokens, c.HiddenSize),
        };
    }

    /// <summary>
    /// Makes a screen, which spares a single row of input most of the products. Takes <see cref="ScreenBytes"/> of the arena.
    /// </summary>
    public void AddScreen(NativeArena arena, WorkerPool pool) => _screen = new GateScreen(arena, _layers, pool);

    /// <summary>Bytes of a screen; null where a model's gates cannot be screened.</summary>
    public static long? ScreenBytes(ModelConfig config, WeightFormat format) =>
        GateScreen.Serves(config, format) ? GateScreen.RequiredBytes(config) : null;

    /// <inheritdoc/>
    public override int Predict(
        WorkerPool pool, int layer, FloatTensor input, int batch, NeuronSet set, PredictedRows? rows = null)
    {
        rows?.Begin(batch, isExact: true);
        _linear = _layers[layer];
        HeldLayer = layer;
        _activation = _config.ActivationOf(layer);
        _weights = _norms?[layer];
        _input = input;
        _batch = batch;
        _quantized?.Make(input.First(batch), input.Columns);
        Array.Clear(_active);
        _decided = 0;
        _isScreening = batch == 1 && _screen is not null && _screen.Begin(layer, input.First(1));
        if (_isScreening)
            _silent = _screen!.Limit(_activation.Threshold);
        pool.Run(this, _config.FfnSize, WorkShare.Grain(pool, (long)input.Columns * batch, GrainRows));
        if (_isScreening)
            _screen!.End(_decided);
        set.Clear();
        for (int word = 0; word < _activeBits.Length; word++)
        {
            for (int bits = _activeBits[word]; bits != 0; bits &= bits - 1)
                set.Add(new NeuronId((word * GrainRows) + BitOperations.TrailingZeroCount(bits)));
        }
        return _active.Sum();
    }

    /// <summary>values[b] = what decides about a neuron that was predicted, for row b of the last prediction.</summary>
    internal void Held(int neuron, Span<float> values)
    {
        for (int b = 0; b < values.Length; b++)
            values[b] = _gates.Row(b)[neuron];
    }

    public void Execute(int begin, int end, int worker)
    {
        if (_isScreening)
        {
            Screen(begin, end, worker);
            return;
        }
        ReadOnlySpan<float> x = _input!.First(_batch);
        ProductInput input = QuantizedRows.InputOf(_quantized, x, _input.Columns);
        _linear!.Multiply(input, _gates.First(_batch), _batch, begin, end);
        int active = 0;
        for (int first = begin; first < end; first += GrainRows)
        {
            int count = Math.Min(GrainRows, end - first), ofAny = 0;
            for (int row = 0; row < _batch; row++)
            {
                int bits = BitsOf(_gates.Row(row).Slice(first, count), first);
                ofAny |= bits;
                active += BitOperations.PopCount((uint)bits);
            }
            _activeBits[first / GrainRows] = (ushort)ofAny;
        }
        _active[worker] += active;
    }

    /// <summary>The same for one row of input: only what may be active is multiplied.</summary>
    private void Screen(int begin, int end, int worker)
    {
        ReadOnlySpan<float> x = _input!.First(1);
        Span<float> gates = _gates.Row(0);
        _screen!.Bound(begin, gates[begin..end]);
        int active = 0, decided = 0;
        for (int first = begin; first < end; first += GrainRows)
        {
            int may = ~AtMost(gates[first..Math.Min(first + GrainRows, end)], _silent), are = 0;
            for (may &= (1 << Math.Min(GrainRows, end - first)) - 1; may != 0; may &= may - 1)
            {
                int bit = BitOperations.TrailingZeroCount(may), n = first + bit;
                _linear!.MultiplyRow(n, x, gates.Slice(n, 1));
                are |= gates[n] > _activation.Threshold ? 1 << bit : 0;
                decided++;
            }
            _activeBits[first / GrainRows] = (ushort)are;
            active += BitOperations.PopCount((uint)are);
        }
        _active[worker] += active;
        Interlocked.Add(ref _decided, decided);
    }

    /// <summary>Which of up to 16 neurons with these values are active, a bit each.</summary>
    /// <param name="gates">What decides.</param>
    /// <param name="first">The first neuron.</param>
    private int BitsOf(ReadOnlySpan<float> gates, int first)
    {
        if (_activation.IsRectified && gates.Length == GrainRows)
        {
            Vector256<float> threshold = Vector256.Create(_activation.Threshold);
            return (int)(Vector256.GreaterThan(Vector256.Create(gates), threshold).ExtractMostSignificantBits()
                | (Vector256.GreaterThan(Vector256.Create(gates[8..]), threshold).ExtractMostSignificantBits() << 8));
        }
        int bits = 0;
        for (int n = 0; n < gates.Length; n++)
            bits |= _activation.IsActive(gates[n], _weights is null ? 1 : _weights[first + n]) ? 1 << n : 0;
        return bits;
    }

    /// <summary>Which of up to 16 values are at most so much, a bit each; not NaN.</summary>
    private static int AtMost(ReadOnlySpan<float> values, float most)
    {
        if (values.Length == GrainRows)
        {
            Vector256<float> limit = Vector256.Create(most);
            return (int)(Vector256.LessThanOrEqual(Vector256.Create(values), limit).ExtractMostSignificantBits()
                | (Vector256.LessThanOrEqual(Vector256.Create(values[8..]), limit).ExtractMostSignificantBits() << 8));
        }
        int bits = 0;
        for (int n = 0; n < values.Length; n++)
            bits |= values[n] <= most ? 1 << n : 0;
        return bits;
    }
}
