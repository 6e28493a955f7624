using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Models.Weights;
using Neuralink.Storage.Memory;

namespace Neuralink.Studies.Planning;

/// <summary>
/// The FFN of neurons that lie in frames here and there, as <see cref="SparseFfn"/> shares it among the workers, over bundles of stand-in
/// weights.
/// </summary>
internal sealed class StandInFfn
{
    private readonly NativeBuffer _frames;
    private readonly int _frameCount;
    private readonly int _strideBytes;
    private readonly int[] _shuffled;
    private readonly Activating _activating;
    private readonly Adding _adding;
    private int _next;

    /// <param name="arena">Takes the frames.</param>
    /// <param name="kernels">For the bundles.</param>
    /// <param name="strideBytes">Of a bundle.</param>
    /// <param name="frameCount">Frames, at least <paramref name="neurons"/>.</param>
    /// <param name="neurons">Of a layer.</param>
    /// <param name="activations">The pass's buffers.</param>
    public StandInFfn(NativeArena arena, BundleKernels kernels, int strideBytes, int frameCount, int neurons, Activations activations)
    {
        _frames = arena.Allocate((long)frameCount * strideBytes, "frames", FrameArena.AlignmentBytes);
        byte[] bundle = StandInWeights.Bundle(kernels.Layout);
        for (int frame = 0; frame < frameCount; frame++)
            bundle.CopyTo(_frames.Bytes((long)frame * strideBytes, strideBytes));
        _frameCount = frameCount;
        _strideBytes = strideBytes;
        _shuffled = [.. Enumerable.Range(0, frameCount)];
        new Random(1).Shuffle(_shuffled);
        float[] values = new float[neurons];
        QuantizedRows? quantized = QuantizedRows.For(arena, kernels.Layout.Format.Rows, rows: 1, activations.FfnInput.Columns);
        _activating = new Activating(this, kernels, activations, quantized, values);
        _adding = new Adding(this, kernels, activations, values);
        NeuronCount = neurons;
    }

    /// <summary>Neurons of a layer.</summary>
    public int NeuronCount { get; }

    public ReadOnlySpan<byte> AnyBundle => _frames.Bytes(0, _strideBytes);

    private ReadOnlySpan<int> Chosen => _shuffled.AsSpan(_next, NeuronCount);

    /// <summary>Goes on to other frames, as the next layer does.</summary>
    public void Advance() => _next = _next + (2 * NeuronCount) <= _frameCount ? _next + NeuronCount : 0;

    public void Activate(WorkerPool pool)
    {
        _activating.Begin();
        pool.Run(_activating, NeuronCount, grain: 1);
    }

    public void AddDown(WorkerPool pool, ModelConfig config) =>
        pool.Run(_adding, config.HiddenSize, SparseFfn.DownShare(pool, config.HiddenSize, NeuronCount, batch: 1));

    private BundleFrames View(int begin, int end) => new(AnyBundle, _frameCount, _strideBytes, Chosen[begin..end]);

    private sealed class Activating(
        StandInFfn ffn, BundleKernels kernels, Activations activations, QuantizedRows? quantized, float[] values) : IParallelBody
    {
        private FloatTensor X => activations.FfnInput;

        public void Begin() => quantized?.Make(X.First(1), X.Columns);

        public void Execute(int begin, int end, int worker)
        {
            ProductInput input = QuantizedRows.InputOf(quantized, X.First(1), X.Columns);
            Span<float> mine = values.AsSpan(begin, end - begin);
            BundleFrames bundles = ffn.View(begin, end);
            if (kernels.Layout.HasDeciding)
            {
                kernels.Activate(bundles, input, 1, mine);
                return;
            }
            // The exact predictor has the values.
            mine.Fill(1);
            kernels.ActivateDecided(bundles, input, 1, mine);
        }
    }

    private sealed class Adding(StandInFfn ffn, BundleKernels kernels, Activations activations, float[] values) : IParallelBody
    {
        public void Execute(int begin, int end, int worker) =>
            kernels.AddDown(ffn.View(0, ffn.NeuronCount), values, activations.FfnOutput.First(1), 1, begin, end);
    }
}
