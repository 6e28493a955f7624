using System.Numerics.Tensors;
using Neuralink.Kernels;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Storage;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference.Predictors;

/// <summary>
/// Predicts that a neuron fires where its logit reaches the layer's threshold: logits = fc2 relu(fc1 x) + bias, fc1 [r, d], fc2 [f, r]
/// (Deja Vu, arXiv 2310.17157, section 4; PowerInfer, SOSP 2024, section 5), or fc2 fc1 x + bias where a matrix of the model itself was
/// decomposed (arXiv 2603.14110). It may miss neurons, and so change what the model says;
/// its file's figures say how many.
/// </summary>
/// <remarks>
/// The parts of one prediction, a range of neurons each, begin with neuron 0, and the input stays as it is until the last: then the hidden
/// values are computed for the first part and serve the others.
/// </remarks>
public sealed class LowRankPredictor : NeuronPredictor
{
    private const string Purpose = "predictor";

    private readonly LowRankInfo _info;
    private readonly (Linear Fc1, Linear Fc2)?[] _layers;
    private readonly Hiding _hiding;
    private readonly Deciding _deciding;

    private LowRankPredictor(LowRankInfo info, (Linear Fc1, Linear Fc2)?[] layers, Hiding hiding, Deciding deciding)
    {
        _info = info;
        _layers = layers;
        _hiding = hiding;
        _deciding = deciding;
    }

    /// <inheritdoc/>
    public override PredictorInput Input => _info.Input;

    /// <inheritdoc/>
    public override int Depth => _info.Depth;

    /// <summary>What its file says about it.</summary>
    public LowRankInfo Info => _info;

    /// <summary>Bytes of its weights and activations.</summary>
    public static long RequiredBytes(LowRankInfo info, int chunkTokens)
    {
        WeightKernels kernels = WeightKernels.For(info.Weights);
        long weights = info.Layers.Sum(layer => layer is null ? 0
            : NativeArena.Aligned((long)layer.Rank * kernels.RowBytes(info.HiddenSize))
                + NativeArena.Aligned((long)info.NeuronCount * kernels.RowBytes(layer.Rank))
                + (layer.HasBias ? FloatTensor.RequiredBytes(1, info.NeuronCount) : 0));
        return weights + FloatTensor.RequiredBytes(chunkTokens, RankMax(info)) + FloatTensor.RequiredBytes(chunkTokens, info.NeuronCount)
            + QuantizedRows.RequiredBytes(info.Weights, chunkTokens, info.HiddenSize)
            + QuantizedRows.RequiredBytes(info.Weights, chunkTokens, RankMax(info));
    }

    /// <summary>Loads the weights in their own format.</summary>
    /// <param name="file">The file.</param>
    /// <param name="arena">Has <see cref="RequiredBytes"/> left.</param>
    /// <param name="chunkTokens">B, the most tokens of a pass.</param>
    /// <param name="threads">Workers of the pools that it will be driven on.</param>
    /// <exception cref="NeuralinkException">The file cannot be read, or a weight is not finite.</exception>
    public static LowRankPredictor Load(LowRankFile file, NativeArena arena, int chunkTokens, int threads)
    {
        LowRankInfo info = file.Info;
        CopiedWeights weights = new(file, arena, Purpose);
        (Linear Fc1, Linear Fc2)?[] layers = new (Linear, Linear)?[info.Layers.Count];
        for (int i = 0; i < layers.Length; i++)
        {
            if (info.Layers[i] is { } layer)
            {
                string module = file.ModuleOf(i);
                layers[i] = (
                    Linear.Load(weights, info.Weights, bias: false, $"{module}.fc1", layer.Rank, info.HiddenSize),
                    Linear.Load(weights, info.Weights, layer.HasBias, $"{module}.fc2", info.NeuronCount, layer.Rank));
            }
        }
        FloatTensor hidden = new(arena, chunkTokens, RankMax(info), "activations");
        FloatTensor logits = new(arena, chunkTokens, info.NeuronCount, "activations");
        return new LowRankPredictor(
            info, layers, new Hiding(hidden, QuantizedRows.For(arena, info.Weights, chunkTokens, info.HiddenSize), info.IsLinear),
            new Deciding(
                hidden, QuantizedRows.For(arena, info.Weights, chunkTokens, RankMax(info)), logits, new bool[info.NeuronCount],
                new int[threads]));
    }

    /// <inheritdoc/>
    public override bool Covers(int layer) => _layers[layer] is not null;

    /// <inheritdoc/>
    public override int Predict(
        WorkerPool pool, int layer, FloatTensor input, int batch, NeuronSet set, PredictedRows? rows = null)
    {
        rows?.Begin(batch, isExact: false);
        (Linear fc1, Linear fc2) = _layers[layer] ?? throw new InvalidOperationException($"Layer {layer} has no predictor.");
        _hiding.Run(pool, fc1, input, batch);
        return _deciding.Run(pool, fc2, _info.Layers[layer]!.Threshold, batch, set, rows is { IsPartial: true } ? rows : null);
    }

    private static int RankMax(LowRankInfo info) => info.Layers.Max(layer => layer?.Rank ?? 0);

    /// <summary>hidden [batch, r] = relu(fc1 x), or fc1 x, split by rows of fc1.</summary>
    private sealed class Hiding(FloatTensor hidden, QuantizedRows? quantized, bool isLinear) : IParallelBody
    {
        private const int GrainRows = 16;

        private Linear? _fc1;
        private FloatTensor? _input;
        private int _batch;

        public void Run(WorkerPool pool, Linear fc1, FloatTensor input, int batch)
        {
            (_fc1, _input, _batch) = (fc1, input, batch);
            quantized?.Make(input.First(batch), input.Columns);
            pool.Run(this, fc1.Weights.Rows, WorkShare.Grain(pool, (long)fc1.Weights.Columns * batch, GrainRows));
            if (isLinear)
                return;
            Span<float> values = hidden.Flat(0, batch * fc1.Weights.Rows);
            TensorPrimitives.Max(values, 0f, values);
        }

        public void Execute(int begin, int end, int worker)
        {
            ReadOnlySpan<float> x = _input!.First(_batch);
            ProductInput input = QuantizedRows.InputOf(quantized, x, _input.Columns);
            _fc1!.Multiply(input, hidden.Flat(0, _batch * _fc1.Weights.Rows), _batch, begin, end);
        }
    }

    /// <summary>logits [batch, f] = fc2 hidden + bias, and which reach the threshold, split by neurons.</summary>
    private sealed class Deciding(
        FloatTensor hidden, QuantizedRows? quantized, FloatTensor logits, bool[] predicted, int[] pairs) : IParallelBody
    {
        // A cache line of output floats.
        private const int GrainRows = 16;

        private Linear? _fc2;
        private PredictedRows? _rows;
        private float _threshold;
        private int _batch;

        public int Run(WorkerPool pool, Linear fc2, float threshold, int batch, NeuronSet set, PredictedRows? rows)
        {
            (_fc2, _threshold, _batch, _rows) = (fc2, threshold, batch, rows);
            quantized?.Make(hidden.Flat(0, batch * fc2.Weights.Columns), fc2.Weights.Columns);
            Array.Clear(pairs);
            pool.Run(this, predicted.Length, WorkShare.Grain(pool, (long)fc2.Weights.Columns * batch, GrainRows));
            set.Clear();
            for (int n = 0; n < predicted.Length; n++)
            {
                if (!predicted[n])
                    continue;
                _rows?.Compact(n, set.Count);
                set.Add(new NeuronId(n));
            }
            return pairs.Sum();
        }

        public void Execute(int begin, int end, int worker)
        {
            ReadOnlySpan<float> x = hidden.Flat(0, _batch * _fc2!.Weights.Columns);
            ProductInput input = QuantizedRows.InputOf(quantized, x, _fc2.Weights.Columns);
            _fc2.Multiply(input, logits.First(_batch), _batch, begin, end);
            Span<bool> mine = predicted.AsSpan(begin, end - begin);
            mine.Clear();
            _rows?.Clear(begin, end);
            int count = 0;
            for (int row = 0; row < _batch; row++)
            {
                ReadOnlySpan<float> values = logits.Row(row)[begin..end];
                for (int n = 0; n < values.Length; n++)
                {
                    if (values[n] >= _threshold)
                    {
                        mine[n] = true;
                        _rows?.Add(begin + n, row);
                        count++;
                    }
                }
            }
            pairs[worker] += count;
        }
    }
}
