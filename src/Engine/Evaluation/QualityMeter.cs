using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;

namespace Neuralink.Evaluation;

/// <summary>
/// Measures how well a model predicts texts: dense, and with a predictor on the same windows. Two engines take turns, window by window; the
/// dense one's logits of a window are kept until the other one's are compared with them.
/// </summary>
/// <remarks>
/// The dense engine runs chunks of tokens: exact prediction gives the dense model's logits to the bit. The other runs token by token, as
/// generation does: what is read for a chunk serves all of its tokens, so that in a chunk one token's predicted neurons make up for what
/// another's prediction missed, and a predictor would look better than it is.
/// </remarks>
public sealed class QualityMeter : IAsyncDisposable
{
    private readonly NativeArena? _arena;
    private readonly LogitsComparison? _comparison;

    private QualityMeter(NeuralinkEngine dense, NeuralinkEngine? predicted, int windowTokens, int strideTokens, NativeArena? arena)
    {
        Dense = dense;
        Predicted = predicted;
        (WindowTokens, StrideTokens) = (windowTokens, strideTokens);
        _arena = arena;
        if (arena is not null)
            _comparison = new LogitsComparison(arena, windowTokens - 1, dense.Model.VocabularySize);
    }

    /// <summary>The engine whose prediction is exact.</summary>
    public NeuralinkEngine Dense { get; }

    /// <summary>The engine with the predictor that is compared, or null.</summary>
    public NeuralinkEngine? Predicted { get; }

    /// <summary>Tokens of a window, context included.</summary>
    public int WindowTokens { get; }

    /// <summary>From one window to the next.</summary>
    public int StrideTokens { get; }

    /// <summary>All native memory: both engines', and the logits that are kept.</summary>
    public long MemoryBytes => Dense.Memory.TotalBytes + (Predicted?.Memory.TotalBytes ?? 0) + (_arena?.CapacityBytes ?? 0);

    /// <summary>Opens the model, with a predictor twice.</summary>
    /// <param name="imageFolder">The image.</param>
    /// <param name="options">How to measure.</param>
    /// <param name="time">The clock; null is the system's.</param>
    /// <param name="cancellation">Stops the opening.</param>
    /// <exception cref="NeuralinkException">The image is damaged, an option is out of range, or it does not fit the budget.</exception>
    public static Task<QualityMeter> OpenAsync(
        string imageFolder, QualityOptions options, TimeProvider? time = null, CancellationToken cancellation = default) =>
        OpenAsync(imageFolder, imageFolder, options, time, cancellation);

    /// <summary>Opens a model, and an image of it that computes less, such as a calibrated one.</summary>
    /// <param name="imageFolder">The image.</param>
    /// <param name="comparedFolder">What takes the place of it with the predictor.</param>
    /// <param name="options">How to measure; with a predictor.</param>
    /// <param name="time">The clock; null is the system's.</param>
    /// <param name="cancellation">Stops the opening.</param>
    /// <exception cref="NeuralinkException">The image is damaged, an option is out of range, or it does not fit the budget.</exception>
    public static async Task<QualityMeter> OpenAsync(
        string imageFolder, string comparedFolder, QualityOptions options, TimeProvider? time, CancellationToken cancellation)
    {
        ImageModel model = ImageModel.Of(FlashImage.Open(imageFolder));
        ModelConfig config = model.Config;
        (int window, int stride) = Windows(options, config);
        EngineOptions dense = new()
        {
            Threads = options.Threads,
            // Which neurons are computed does not depend on it; without lookahead a predictor for lookahead is not needed.
            Strategy = ExecutionStrategy.Cluster,
            ContextTokens = window - 1,
        };
        if (options.Predictor is not { } predictor)
        {
            dense = dense with { MemoryBytes = options.MemoryBytes };
            return new QualityMeter(
                await NeuralinkEngine.OpenAsync(imageFolder, dense, time: time, cancellation: cancellation).ConfigureAwait(false), null,
                window, stride, null);
        }
        if (predictor.Kind == PredictorKind.Oracle)
        {
            throw new NeuralinkException(
                "measure a predictor", "exact, low-rank or a sketch", predictor.Name,
                "an oracle knows one text alone, and for that never changes a token");
        }
        QualityMemory memory = QualityMemory.Share(
            model, dense, dense with { Predictor = predictor, ChunkTokens = 1 },
            LogitsComparison.RequiredBytes(window - 1, config.VocabularySize), options.MemoryBytes);
        return await OpenBothAsync(imageFolder, comparedFolder, memory, window, stride, time, cancellation).ConfigureAwait(false);
    }

    /// <summary>Scores texts, once: what is compared adds up over a meter's life.</summary>
    /// <param name="texts">Their tokens, at least two each.</param>
    /// <param name="progress">Told the share that is done, 0 to 1.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="NeuralinkException">A token is not the model's, or flash failed.</exception>
    public async Task<QualityMetrics> MeasureAsync(
        IReadOnlyList<int[]> texts, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        IReadOnlyList<ScoreWindow> windows = SlidingWindows.Cut(texts, WindowTokens, StrideTokens);
        RunSum dense = new(), predicted = new();
        foreach ((int index, ScoreWindow window) in windows.Index())
        {
            dense.Add(
                window, await ScoreAsync(Dense, window, _comparison is null ? null : _comparison.Keep, cancellation).ConfigureAwait(false));
            if (Predicted is not null)
                predicted.Add(window, await ScoreAsync(Predicted, window, _comparison!.Compare, cancellation).ConfigureAwait(false));
            progress?.Report((index + 1.0) / windows.Count);
        }
        RunMetrics denseFigures = dense.ToMetrics();
        return new QualityMetrics(
            windows.Sum(window => window.ScoredTokens), windows.Count, denseFigures,
            Predicted is null ? null : Compare(denseFigures, predicted.ToMetrics()));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Dense.DisposeAsync().ConfigureAwait(false);
        if (Predicted is not null)
            await Predicted.DisposeAsync().ConfigureAwait(false);
        _arena?.Dispose();
    }

    private static async Task<QualityMeter> OpenBothAsync(
        string imageFolder, string comparedFolder, QualityMemory memory, int window, int stride, TimeProvider? time,
        CancellationToken cancellation)
    {
        NeuralinkEngine? dense = null, predicted = null;
        NativeArena? arena = null;
        try
        {
            // The predictor's file is what may be wrong here, and the dense model what takes long to load.
            predicted = await NeuralinkEngine.OpenAsync(comparedFolder, memory.Predicted, time: time, cancellation: cancellation)
                .ConfigureAwait(false);
            dense = await NeuralinkEngine.OpenAsync(imageFolder, memory.Dense, time: time, cancellation: cancellation)
                .ConfigureAwait(false);
            arena = new NativeArena(memory.LogitsBytes);
            return new QualityMeter(dense, predicted, window, stride, arena);
        }
        catch
        {
            arena?.Dispose();
            if (dense is not null)
                await dense.DisposeAsync().ConfigureAwait(false);
            if (predicted is not null)
                await predicted.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static (int Window, int Stride) Windows(QualityOptions options, ModelConfig config)
    {
        int window = options.WindowTokens ?? Math.Min(config.ContextLength, QualityOptions.DefaultWindowTokensMax),
            stride = options.StrideTokens ?? window / 2;
        if (window < 2 || window > config.ContextLength)
        {
            throw new NeuralinkException(
                "score in windows", $"windows of 2 to {config.ContextLength} tokens, the model's context", $"{window}");
        }
        if (stride < 1 || stride >= window)
            throw new NeuralinkException("score in windows", $"a stride of 1 to {window - 1} tokens, less than the window", $"{stride}");
        return (window, stride);
    }

    private static Task<ScoreResult> ScoreAsync(
        NeuralinkEngine engine, ScoreWindow window, LogitsReader? readRow, CancellationToken cancellation)
    {
        LogitsReader? read = readRow is null ? null : (index, logits) => readRow(index - window.ContextTokens, logits);
        return engine.ScoreAsync(
            new ScoreRequest { Tokens = window.Tokens, ContextTokens = window.ContextTokens, ReadLogits = read }, cancellation);
    }

    private PredictedMetrics Compare(RunMetrics dense, RunMetrics predicted) =>
        new(predicted, predicted.Perplexity / dense.Perplexity, _comparison!.AgreementShare, _comparison.MeanDivergenceNats);

    /// <summary>A run's sums over the windows.</summary>
    private sealed class RunSum
    {
        private int _scored;
        private long _run;
        private double _negativeLogLikelihood;
        private double _neurons;

        public void Add(ScoreWindow window, ScoreResult score)
        {
            _scored += score.Tokens;
            _negativeLogLikelihood += score.NegativeLogLikelihood;
            int run = window.Tokens.Length - 1;                                        // the last one is only predicted
            _run += run;
            _neurons += score.Io.PredictedShare * run;
        }

        public RunMetrics ToMetrics() => new(Math.Exp(_negativeLogLikelihood / _scored), _neurons / _run);
    }
}
