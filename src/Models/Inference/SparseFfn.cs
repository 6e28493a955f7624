using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference;

/// <summary>
/// The FFN of the neurons whose bundles lie in frames, in two steps: <see cref="Activate"/> for bundles in any order and any number of
/// calls, as they arrive, and then <see cref="AddDown"/> once for all, in ascending neuron order. So the sum is the same, to the bit,
/// whatever was cached, predicted or late.
/// </summary>
public sealed class SparseFfn
{
    // Output columns that are not split: two blocks of a format that has them.
    private const int GrainColumns = 64;

    private readonly WorkerPool _pool;
    private readonly Activating _activating;
    private readonly Adding _adding;

    /// <param name="arena">Takes the activations.</param>
    /// <param name="kernels">For the image's bundles, of each layer.</param>
    /// <param name="frames">Where the bundles are.</param>
    /// <param name="neuronsMax">The most neurons of one set.</param>
    /// <param name="activations">The pass's buffers.</param>
    /// <param name="pool">Shares the work.</param>
    /// <param name="deciding">What decides activity, where the bundles leave it out.</param>
    public SparseFfn(
        NativeArena arena, IReadOnlyList<BundleKernels> kernels, FrameArena frames, int neuronsMax, Activations activations,
        WorkerPool pool, DecidingRows? deciding = null)
    {
        if (!kernels[0].Layout.HasDeciding && deciding is null)
            throw new ArgumentNullException(nameof(deciding), "The bundles leave out what decides.");
        _pool = pool;
        FloatTensor h = new(arena, neuronsMax, activations.ChunkTokens, "activations");
        FloatTensor arrived = new(arena, neuronsMax, activations.ChunkTokens, "activations");
        QuantizedRows? quantized = QuantizedRows.For(
            arena, QuantizesInput(kernels[0].Layout.Format, deciding?.QuantizesInput ?? false), activations.ChunkTokens,
            activations.FfnInput.Columns);
        _activating = new Activating(kernels, frames, arrived, h, activations.FfnInput, quantized, new int[neuronsMax])
        {
            Deciding = kernels[0].Layout.HasDeciding ? null : deciding,
        };
        _adding = new Adding(kernels, frames, h, activations.FfnOutput);
    }

    /// <summary>Bytes of the activations.</summary>
    /// <param name="formats">Of the bundles, and of what decides.</param>
    /// <param name="config">Says how wide they are.</param>
    /// <param name="neuronsMax">The most neurons of one set.</param>
    /// <param name="chunkTokens">The most rows of a pass.</param>
    public static long RequiredBytes(ModelFormats formats, ModelConfig config, int neuronsMax, int chunkTokens) =>
        (2 * FloatTensor.RequiredBytes(neuronsMax, chunkTokens)) + QuantizedRows.RequiredBytes(
            QuantizesInput(formats.Bundles, WeightKernels.For(formats.Predictor).QuantizesInput), chunkTokens, config.HiddenSize);

    /// <summary>The kernels of each layer.</summary>
    /// <param name="config">Says how they are activated.</param>
    /// <param name="layout">Of the bundles.</param>
    public static BundleKernels[] KernelsOf(ModelConfig config, BundleLayout layout) =>
        [.. Enumerable.Range(0, config.LayerCount).Select(layer => new BundleKernels(layout, config.ActivationOf(layer)))];

    /// <summary>What follows is of this layer, whose input is there, [batch, d].</summary>
    public void BeginLayer(int layer, int batch) => _activating.Begin(layer, batch);

    /// <summary>What follows is of this set of neurons.</summary>
    /// <param name="rows">For which rows each of the layer's neurons was predicted, or null: for all.</param>
    /// <param name="firstOrdinal">The ordinal there of the set's first neuron: a layer may come in several sets.</param>
    /// <param name="neurons">The set, ascending.</param>
    public void BeginSet(PredictedRows? rows, int firstOrdinal, ReadOnlyMemory<int> neurons) =>
        (_activating.Rows, _activating.FirstOrdinal, _activating.Neurons) =
            (rows is { IsPartial: true } ? rows : null, firstOrdinal, neurons);

    /// <summary>
    /// Computes the activations of neurons <paramref name="ordinals"/> of the set, whose bundles lie in <paramref name="frames"/>[ordinal].
    /// </summary>
    /// <returns>How many (neuron, token) pairs have an activation other than 0.</returns>
    public int Activate(ReadOnlyMemory<int> ordinals, ReadOnlyMemory<int> frames, int batch)
    {
        _activating.ActiveCount = 0;
        _activating.Ordinals = ordinals;
        _activating.Frames = frames;
        _activating.Batch = batch;
        _pool.Run(_activating, ordinals.Length, WorkShare.Grain(_pool, (long)_adding.Columns * batch, multiple: 1));
        return _activating.ActiveCount;
    }

    /// <summary>
    /// FfnOutput += activation * down column, for all neurons of the set in the order of <paramref name="frames"/>: ascending.
    /// </summary>
    public void AddDown(ReadOnlyMemory<int> frames, int batch)
    {
        _adding.Frames = frames;
        _adding.Batch = batch;
        _pool.Run(_adding, _adding.Columns, DownShare(_pool, _adding.Columns, frames.Length, batch));
    }

    /// <summary>
    /// The columns of a piece of <see cref="AddDown"/>. For one token each worker has one piece: what a piece has of a down column is
    /// contiguous, and short stretches of memory come at half the speed of long ones.
    /// </summary>
    /// <param name="pool">Who shares the work.</param>
    /// <param name="columns">To be shared.</param>
    /// <param name="neurons">Added to them.</param>
    /// <param name="batch">The tokens.</param>
    public static int DownShare(WorkerPool pool, int columns, int neurons, int batch)
    {
        int least = WorkShare.Grain(pool, (long)neurons * batch, GrainColumns), share = (columns + pool.Threads - 1) / pool.Threads;
        return batch > 1 ? least : Math.Max(least, (share + GrainColumns - 1) / GrainColumns * GrainColumns);
    }

    private static bool QuantizesInput(BundleFormat bundles, bool decidingDoes) =>
        WeightKernels.For(bundles.Rows).QuantizesInput || (bundles.LeavesDeciding && decidingDoes);

    private static BundleFrames View(FrameArena arena, ReadOnlySpan<int> frames) =>
        new(arena.Frame(0), arena.FrameCount, arena.StrideBytes, frames);

    /// <summary>Activations are computed in the order given, [count, batch], and then put in their places, [ordinal, batch].</summary>
    private sealed class Activating(
        IReadOnlyList<BundleKernels> kernels, FrameArena arena, FloatTensor arrived, FloatTensor h, FloatTensor x,
        QuantizedRows? quantized, int[] chosen) : IParallelBody
    {
        private int _activeCount;

        private int _layer;

        public ReadOnlyMemory<int> Ordinals { get; set; }

        public ReadOnlyMemory<int> Frames { get; set; }

        public int Batch { get; set; }

        public PredictedRows? Rows { get; set; }

        public int FirstOrdinal { get; set; }

        public ReadOnlyMemory<int> Neurons { get; set; }

        public DecidingRows? Deciding { get; init; }

        public int ActiveCount
        {
            get => _activeCount;
            set => _activeCount = value;
        }

        public void Begin(int layer, int batch)
        {
            _layer = layer;
            quantized?.Make(x.First(batch), x.Columns);
        }

        public void Execute(int begin, int end, int worker)
        {
            ReadOnlySpan<int> frames = Frames.Span, ordinals = Ordinals.Span[begin..end];
            Span<int> mine = chosen.AsSpan(begin, ordinals.Length);
            for (int i = 0; i < mine.Length; i++)
                mine[i] = frames[ordinals[i]];
            Span<float> values = arrived.Flat(begin * Batch, mine.Length * Batch);
            ReadOnlySpan<float> input = x.First(Batch);
            ProductInput inputs = QuantizedRows.InputOf(quantized, input, x.Columns);
            if (Deciding is null)
                kernels[_layer].Activate(View(arena, mine), inputs, Batch, values);
            else
                ActivateDecided(Deciding, ordinals, mine, inputs, values);
            for (int i = 0; i < mine.Length; i++)
            {
                Span<float> rows = values.Slice(i * Batch, Batch);
                Rows?.Mask(FirstOrdinal + ordinals[i], rows);
                rows.CopyTo(h.Flat(ordinals[i] * Batch, Batch));
            }
            Interlocked.Add(ref _activeCount, values.Length - System.MemoryExtensions.Count(values, 0f));
        }

        private void ActivateDecided(
            DecidingRows deciding, ReadOnlySpan<int> ordinals, ReadOnlySpan<int> mine, ProductInput inputs, Span<float> values)
        {
            ReadOnlySpan<int> neurons = Neurons.Span;
            for (int i = 0; i < ordinals.Length; i++)
                deciding.Compute(_layer, neurons[ordinals[i]], inputs, values.Slice(i * Batch, Batch));
            kernels[_layer].ActivateDecided(View(arena, mine), inputs, Batch, values);
        }
    }

    private sealed class Adding(
        IReadOnlyList<BundleKernels> kernels, FrameArena arena, FloatTensor h, FloatTensor y) : IParallelBody
    {
        public ReadOnlyMemory<int> Frames { get; set; }

        public int Batch { get; set; }

        public int Columns => y.Columns;

        public void Execute(int begin, int end, int worker) =>
            kernels[0].AddDown(View(arena, Frames.Span), h.Flat(0, Frames.Length * Batch), y.First(Batch), Batch, begin, end);
    }
}
