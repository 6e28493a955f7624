using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;

namespace Neuralink.Studies.Planning;

/// <summary>
/// Times a stand-in of a model on this machine: the engine's own decoder, predictors and kernels, on its own worker pool, over weights of
/// the model's shapes that nobody has read. As many layers as fill <see cref="WorkingBytes"/>, so that caches serve as much of it as they
/// would of the model, and no more of the largest matrices than that.
/// </summary>
internal sealed class ComputeProbe : IDisposable
{
    /// <summary>Several times a processor's last cache.</summary>
    public const long WorkingBytes = 64 << 20;

    // Queries, keys and values of different formats are three matrices, which are aligned each.
    private const int PartAlignmentBytes = 3 * 64;

    // A layer waits for flash about so long. Its workers sleep meanwhile, and wake for its neurons.
    private static readonly TimeSpan s_wait = TimeSpan.FromMicroseconds(500);

    private readonly NativeArena _arena;
    private readonly WorkerPool _pool;
    private readonly ModelConfig _standIn;
    private readonly Decoder _decoder;
    private readonly Activations _activations;
    private readonly NeuronPredictor? _predictor;
    private readonly NeuronPredictor? _ahead;
    private readonly StandInFfn _ffn;
    private readonly NeuronSet _set;
    private readonly ForwardPass _pass;        // one token after half of the context
    private readonly double _predictorScale;
    private readonly double _logitsScale;
    private readonly TimeProvider _time;

    private ComputeProbe(PlannedModel model, EngineOptions options, int contextTokens, int neurons, TimeProvider time)
    {
        _time = time;
        ModelConfig c = model.Config;
        WeightKernels kernels = WeightKernels.For(model.Formats.Predictor), embedding = WeightKernels.For(model.Formats.Resident);
        int rowBytes = kernels.RowBytes(c.HiddenSize), ffn = (int)Math.Clamp(WorkingBytes / rowBytes, 1, c.FfnSize);
        int vocabulary = (int)Math.Clamp(WorkingBytes / embedding.RowBytes(c.EmbeddingSize), 1, c.VocabularySize);
        _predictorScale = (double)c.FfnSize / ffn;
        _logitsScale = (double)c.VocabularySize / vocabulary;
        ModelConfig one = c with
        {
            LayerCount = 1,
            FfnSize = ffn,
            VocabularySize = vocabulary,
            TiedEmbedding = true,
            OutputBias = false,
            ContextLength = contextTokens,
            EndTokens = [],
        };
        long layerBytes = WeightFile.RequiredBytes(one, model.Formats, TensorPlace.Resident)
            - ((long)vocabulary * embedding.RowBytes(c.EmbeddingSize))
            + WeightFile.RequiredBytes(one, model.Formats, TensorPlace.Predictor) + ((long)neurons * model.Layout.StrideBytes);
        int layers = (int)Math.Clamp((WorkingBytes / Math.Max(1, layerBytes)) + 1, 1, c.LayerCount);
        _standIn = one with { LayerCount = layers };
        int frames = (int)Math.Clamp(WorkingBytes / model.Layout.StrideBytes, neurons, Math.Max(neurons, (long)layers * neurons));

        StandInWeights weights = new(_standIn, model.Formats);
        bool looksAhead = StrategySwitches.Of(options.Strategy).ReadsAhead;
        bool isShared = StandInOf(options.Predictor) == StandInOf(options.LookaheadPredictor);
        ResidentSizes sizes = new()
        {
            Config = _standIn,
            Formats = model.Formats,
            ContextTokens = contextTokens,
            ChunkTokens = 1,
            Threads = options.Threads,
        };
        _arena = new NativeArena(
            sizes.TotalBytes + BytesOf(options.Predictor, model.Formats)
            + (looksAhead && !isShared ? BytesOf(options.LookaheadPredictor, model.Formats) : 0)
            + QuantizedRows.RequiredBytes(model.Layout.Format.Rows, rows: 1, c.HiddenSize)
            + ((long)frames * model.Layout.StrideBytes) + FrameArena.AlignmentBytes
            + (layers * PartAlignmentBytes));
        _pool = new WorkerPool(options.Threads);
        ResidentHalf resident = new(_arena, sizes, arena => new CopiedWeights(weights, arena, "resident"), _pool);
        (_decoder, _activations) = (resident.Decoder, resident.Activations);
        KvSequence sequence = new(resident.Blocks, contextTokens);
        sequence.Append(contextTokens / 2);
        _pass = new ForwardPass(1);
        _pass.Add(sequence, [0], logits: 1);
        _predictor = Load(options.Predictor, weights, model.Formats);
        _ahead = !looksAhead ? null : isShared ? _predictor : Load(options.LookaheadPredictor, weights, model.Formats);
        BundleKernels bundles = new(model.Layout, c.ActivationOf(0));
        _ffn = new StandInFfn(_arena, bundles, model.Layout.StrideBytes, frames, neurons, _activations);
        _set = new NeuronSet(c.FfnSize);
    }

    /// <summary>Times it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">Threads, strategy, predictors.</param>
    /// <param name="contextTokens">Positions; attention looks back over half of them.</param>
    /// <param name="neurons">Computed of a layer, at least 1.</param>
    /// <param name="duration">How long to time, after as long a warm-up.</param>
    /// <param name="time">The clock.</param>
    public static ComputeSpeed Measure(
        PlannedModel model, EngineOptions options, int contextTokens, int neurons, TimeSpan duration, TimeProvider time)
    {
        double messageMicros = MessageProbe.Micros(time);
        using ComputeProbe probe = new(model, options, contextTokens, neurons, time);
        // The compiler's second, optimising pass is through by the end of the first run.
        long start = time.GetTimestamp();
        (int warmUpTokens, _) = probe.Run(duration);
        TimeSpan warmUp = time.GetElapsedTime(start);
        (_, double[] parts) = probe.Run(duration);
        double tokenMillis = (parts[..^1].Sum() * probe._standIn.LayerCount) + parts[^1];
        return new ComputeSpeed
        {
            AttentionMillis = parts[0],
            PredictorMillis = parts[1] * probe._predictorScale,
            LookaheadMillis = parts[2] * probe._predictorScale,
            ActivateMillis = parts[3],
            DownMillis = parts[4],
            Neurons = neurons,
            LogitsMillis = parts[5] * probe._logitsScale,
            MessageMicros = messageMicros,
            CheckMicros = probe.CheckMicros(),
            WarmUpMillis = Math.Max(0, warmUp.TotalMilliseconds - (warmUpTokens * tokenMillis)),
        };
    }

    public void Dispose()
    {
        _pool.Dispose();
        _arena.Dispose();
    }

    // A low-rank predictor is timed by its bytes, from the exact one's product.
    private static (PredictorKind Kind, int Bits) StandInOf(PredictorOptions options) => options.Kind switch
    {
        PredictorKind.Oracle or PredictorKind.All => (PredictorKind.Oracle, 0),
        PredictorKind.Sketch => (PredictorKind.Sketch, options.Bits),
        _ => (PredictorKind.Exact, 0),
    };

    private long BytesOf(PredictorOptions options, ModelFormats formats) => StandInOf(options).Kind switch
    {
        PredictorKind.Oracle => 0,
        PredictorKind.Sketch => SketchPredictor.RequiredBytes(_standIn, options.Bits, chunkTokens: 1),
        _ => WeightFile.RequiredBytes(_standIn, formats, TensorPlace.Predictor)
            + ExactPredictor.RequiredBytes(_standIn, formats.Predictor, chunkTokens: 1),
    };

    private NeuronPredictor? Load(PredictorOptions options, StandInWeights weights, ModelFormats formats) => StandInOf(options).Kind switch
    {
        PredictorKind.Oracle => null,
        PredictorKind.Sketch => SketchPredictor.Load(weights, _arena, _standIn, options.Bits, margin: 0, chunkTokens: 1, _pool.Threads),
        _ => ExactPredictor.Load(
            new CopiedWeights(weights, _arena, "predictor"), _arena, _standIn, formats.Predictor, chunkTokens: 1, _pool.Threads),
    };

    /// <summary>
    /// Tokens of the stand-in that were run, and milliseconds of each part of a layer and of the logits: medians, which another program
    /// that runs now and then does not move.
    /// </summary>
    private (int Tokens, double[] Parts) Run(TimeSpan duration)
    {
        const int Parts = 6;
        List<double>[] samples = [.. Enumerable.Range(0, Parts).Select(_ => new List<double>())];
        long start = _time.GetTimestamp();
        do
            RunToken(samples);
        while (_time.GetElapsedTime(start) < duration);
        return (samples[^1].Count, [.. samples.Select(Median)]);
    }

    private void RunToken(List<double>[] samples)
    {
        _decoder.Begin(_pass);
        long last = _time.GetTimestamp();
        for (int layer = 0; layer < _standIn.LayerCount; layer++)
        {
            _decoder.Attend(layer);
            Lap(0);
            _predictor?.Predict(_pool, layer, _activations.FfnInput, 1, _set);
            Lap(1);
            _ahead?.Predict(_pool, (layer + 1) % _standIn.LayerCount, _activations.FfnInput, 1, _set);
            Lap(2);
            Thread.Sleep(s_wait);
            last = _time.GetTimestamp();
            _ffn.Advance();
            _ffn.Activate(_pool);
            Lap(3);
            _ffn.AddDown(_pool, _standIn);
            _decoder.AddFfn(layer);
            Lap(4);
        }
        _ = _decoder.Logits(0, 1);
        Lap(5);

        void Lap(int part)
        {
            long now = _time.GetTimestamp();
            samples[part].Add(_time.GetElapsedTime(last, now).TotalMilliseconds);
            last = now;
        }
    }

    private double CheckMicros()
    {
        const int Checks = 64;
        double best = double.MaxValue;
        for (int round = 0; round < 8; round++)
        {
            long start = _time.GetTimestamp();
            for (int i = 0; i < Checks; i++)
                _ = BundleCrc.IsIntact(_ffn.AnyBundle);
            best = Math.Min(best, _time.GetElapsedTime(start).TotalMicroseconds / Checks);
        }
        return best;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
