using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Tracing;

/// <summary>
/// A whole layer's FFN over a window of T tokens, and which neurons fire at each. The gates (plain: up values) of all neurons are one
/// product with a matrix gathered from the bundles; the rest is done for those that fire. Every value and every sum has the bits that
/// <see cref="ExactPredictor"/> and <see cref="SparseFfn"/> give, so a trace is what a generation would do. A neuron fires if its gate
/// exceeds the activation's threshold, for dReLU too: its up value is known only once the bundle has been read.
/// </summary>
internal sealed class DenseFfn
{
    // Neurons of a worker's piece: one word of an activation row, so that no two workers write the same word.
    private const int PieceNeurons = 64;

    // Output columns of a worker's share: whole cache lines.
    private const int GrainColumns = 32;

    private readonly WorkerPool _pool;
    private readonly Gathering _gathering;
    private readonly Activating _activating;
    private readonly Adding _adding;

    public DenseFfn(NativeArena arena, ImageModel model, FrameArena frames, Activations activations, WorkerPool pool)
    {
        _pool = pool;
        (ModelConfig c, BundleLayout layout) = (model.Config, model.Layout);
        WeightMatrix gates = new(arena, model.Formats.Predictor, c.FfnSize, c.HiddenSize, "neurons");
        FloatTensor? biases = layout.Biased ? new(arena, 1, c.FfnSize, "neurons") : null;
        FloatTensor tiles = new(arena, pool.Threads, activations.ChunkTokens * PieceNeurons, "activations");
        FloatTensor h = new(arena, c.FfnSize, activations.ChunkTokens, "activations");
        bool[] isActive = new bool[c.FfnSize];
        BundleKernels[] kernels = SparseFfn.KernelsOf(c, layout);
        Norms = !layout.Gated && !c.ActivationOf(0).IsRectified ? new float[c.FfnSize] : [];
        _gathering = new Gathering(kernels[0], layout, frames, gates, biases, Norms);
        QuantizedRows? quantized = QuantizedRows.For(arena, QuantizesInput(model.Formats), activations.ChunkTokens, c.HiddenSize);
        _activating = new Activating(kernels, c, frames, gates, biases, tiles, h, activations.FfnInput, quantized, isActive, Norms);
        _adding = new Adding(kernels[0], frames, h, activations.FfnOutput, isActive);
    }

    public static long RequiredWeightBytes(ModelConfig c, WeightFormat format) =>
        NativeArena.Aligned((long)c.FfnSize * WeightKernels.For(format).RowBytes(c.HiddenSize))
            + (c.FfnBias ? FloatTensor.RequiredBytes(1, c.FfnSize) : 0);

    public static long RequiredBytes(ModelConfig c, ModelFormats formats, int windowTokens, int threads) =>
        FloatTensor.RequiredBytes(threads, (long)windowTokens * PieceNeurons) + FloatTensor.RequiredBytes(c.FfnSize, windowTokens)
        + QuantizedRows.RequiredBytes(QuantizesInput(formats), windowTokens, c.HiddenSize);

    private static bool QuantizesInput(ModelFormats formats) =>
        WeightKernels.For(formats.Bundles.Rows).QuantizesInput || WeightKernels.For(formats.Predictor).QuantizesInput;

    /// <summary>
    /// Of a smooth activation without a gate, the norms of the down columns of the layer that was taken, [neurons]; else none.
    /// </summary>
    public float[] Norms { get; }

    /// <summary>Counts how large activations are, where it is wanted.</summary>
    public GateSizes? Sizes
    {
        get => _activating.Sizes;
        set => _activating.Sizes = value;
    }

    /// <summary>Takes a layer whose bundles lie in the frames of their neurons' numbers.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="deciding">Has the matrix that decides activity, where the bundles leave it out.</param>
    /// <returns>A neuron whose bundle's CRC does not match, or -1.</returns>
    public int Load(LayerIndex layer, DecidingFile? deciding)
    {
        deciding?.Read(layer, _gathering.Gates, _gathering.Biases);
        _gathering.Damaged = -1;
        _pool.Run(_gathering, _gathering.NeuronCount, grain: 1);
        return _gathering.Damaged;
    }

    /// <summary>FfnOutput [tokens, d] += the FFN of FfnInput [tokens, d], without the down bias.</summary>
    /// <param name="layer">The layer that was taken.</param>
    /// <param name="tokens">T, rows of the input.</param>
    /// <param name="rows">[T, words], receives which neurons fire, laid out as in an activation matrix.</param>
    public void Run(int layer, int tokens, Memory<ulong> rows)
    {
        _adding.Tokens = tokens;
        _activating.Begin(layer, tokens);
        _activating.Rows = rows;
        _pool.Run(_activating, _gathering.NeuronCount, PieceNeurons);
        _pool.Run(_adding, _adding.Columns, GrainColumns);
    }

    /// <summary>Checks bundles, and copies the rows that decide activity side by side.</summary>
    private sealed class Gathering(
        BundleKernels kernels, BundleLayout layout, FrameArena frames, WeightMatrix gates, FloatTensor? biases,
        float[] norms) : IParallelBody
    {
        private int _damaged;

        public int NeuronCount => gates.Rows;

        public WeightMatrix Gates => gates;

        public FloatTensor? Biases => biases;

        public int Damaged { get => _damaged; set => _damaged = value; }

        public void Execute(int begin, int end, int worker)
        {
            for (int n = begin; n < end; n++)
            {
                ReadOnlySpan<byte> bundle = frames.Frame(n);
                if (!BundleCrc.IsIntact(bundle))
                    Volatile.Write(ref _damaged, n);
                if (norms.Length > 0)
                    norms[n] = kernels.DownNorm(bundle);
                if (!layout.HasDeciding)
                    continue;
                // The first part is the gate row of a gated bundle and the up row of a plain one, and its bias is the first bias.
                bundle[..layout.RowBytes].CopyTo(gates.WritableRange(n, n + 1));
                if (biases is not null)
                    biases.Row(0)[n] = BitConverter.ToSingle(bundle.Slice(layout.BiasOffset, sizeof(float)));
            }
        }
    }

    /// <summary>h [neurons, T] and the activation rows.</summary>
    private sealed class Activating(
        BundleKernels[] kernels, ModelConfig config, FrameArena frames, WeightMatrix gates, FloatTensor? biases, FloatTensor tiles,
        FloatTensor h, FloatTensor x, QuantizedRows? quantized, bool[] isActive, float[] norms) : IParallelBody
    {
        private int _layer;
        private int _tokens;

        public GateSizes? Sizes { get; set; }

        public Memory<ulong> Rows { get; set; }

        public void Begin(int layer, int tokens)
        {
            (_layer, _tokens) = (layer, tokens);
            quantized?.Make(x.First(tokens), x.Columns);
        }

        public void Execute(int begin, int end, int worker)
        {
            ReadOnlySpan<float> values = x.First(_tokens);
            ProductInput input = QuantizedRows.InputOf(quantized, values, x.Columns);
            Span<int> counts = stackalloc int[PieceNeurons];
            Activation activation = config.ActivationOf(_layer);
            for (int first = begin; first < end; first += PieceNeurons)
            {
                int count = Math.Min(PieceNeurons, end - first);
                Span<float> tile = tiles.Row(worker)[..(_tokens * count)];                    // [T, count]
                ReadOnlySpan<float> bias = biases is null ? default : biases.Row(0).Slice(first, count);
                gates.Kernels.MatMul(
                    gates.Range(first, first + count), input, bias, tile, MatMulShape.Whole(count, gates.Columns, _tokens));
                Sizes?.Count(_layer, worker, activation, tile, norms.Length == 0 ? [] : norms.AsSpan(first, count));
                Fire(activation, tile, first, counts[..count]);
                for (int i = 0; i < count; i++)
                {
                    isActive[first + i] = counts[i] > 0;
                    kernels[_layer].ActivateGated(frames.Frame(first + i), input, counts[i], Values(first + i));
                }
            }
        }

        private Span<float> Values(int neuron) => h.Row(neuron)[.._tokens];

        /// <summary>Writes one word of each activation row, and the gates of those that fire into h.</summary>
        private void Fire(Activation activation, ReadOnlySpan<float> tile, int first, Span<int> counts)
        {
            int rowWords = (gates.Rows + 63) / 64;
            Span<ulong> rows = Rows.Span;
            counts.Clear();
            for (int i = 0; i < counts.Length; i++)
                Values(first + i).Clear();
            for (int token = 0; token < _tokens; token++)
            {
                ulong word = 0;
                ReadOnlySpan<float> values = tile.Slice(token * counts.Length, counts.Length);
                for (int i = 0; i < values.Length; i++)
                {
                    if (activation.IsActive(values[i], norms.Length == 0 ? 1 : norms[first + i]))
                    {
                        word |= 1UL << i;
                        counts[i]++;
                        Values(first + i)[token] = values[i];
                    }
                }
                rows[(token * rowWords) + (first / 64)] = word;
            }
        }
    }

    /// <summary>Adds down columns in ascending order of the neurons.</summary>
    private sealed class Adding(BundleKernels kernels, FrameArena frames, FloatTensor h, FloatTensor y, bool[] isActive) : IParallelBody
    {
        public int Tokens { get; set; }

        public int Columns => y.Columns;

        public void Execute(int begin, int end, int worker)
        {
            for (int n = 0; n < isActive.Length; n++)
            {
                if (isActive[n])
                    kernels.AddDown(frames.Frame(n), h.Row(n)[..Tokens], y.First(Tokens), Tokens, begin, end);
            }
        }
    }
}
