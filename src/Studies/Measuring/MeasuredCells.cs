using Neuralink.Placement.Caching;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Computing;
using Neuralink.Studies.Devices;

namespace Neuralink.Studies.Measuring;

/// <summary>
/// Runs cells with the engine itself: on the disk that the model lies on, or on a modelled device, where the neurons are in memory and
/// reads take what the model's T(size) says, one after the other. What a lone read takes beyond that is not modelled here.
/// </summary>
/// <param name="store">Where packed models are; its clock times the tokens.</param>
/// <param name="thisDevice">The disk of a model, for cells that name it.</param>
internal sealed class MeasuredCells(ModelStore store, Func<string, DeviceModel> thisDevice) : ICellRunner
{
    // As many as give a deviation; what drifts is for a bench to find.
    private const int Repetitions = 3;

    public CellResult Run(StudyCell cell, CancellationToken cancellation) => RunAsync(cell, cancellation).GetAwaiter().GetResult();

    private async Task<CellResult> RunAsync(StudyCell cell, CancellationToken cancellation)
    {
        Refuse(cell);
        LocatedModel model = store.Locate(cell.Model, cancellation: cancellation);
        FlashImage image = store.Open(model, cancellation);
        RefuseOtherOrder(cell, image);
        bool isReal = cell.Device == DeviceModels.This;
        DeviceModel device = isReal ? thisDevice(cell.Model) : DeviceModels.Find(cell.Device);
        using NeuronsInMemory? neurons = isReal ? null : new NeuronsInMemory(image);
        TimeProvider time = store.Options.Time;
        Timeline timeline = new(time);
        BenchTest test = BenchTest.Generation(cell.Tokens);
        await using BenchEngine engine = await BenchEngine.OpenAsync(
            SetupOf(cell, model, device), [test], source: null, store, timeline, Decorate, cancellation);
        await engine.WarmUpAsync(test, BenchProtocol.Rotating, cancellation);
        long start = time.GetTimestamp();
        List<MeasuredRun> runs = [];
        for (int round = 0; round < Repetitions; round++)
            runs.Add(await engine.RunAsync(test, BenchProtocol.Rotating, BenchSetup.WarmUps + round, cancellation));
        MeasuredTimeline passes = new(timeline, time, image.StrideBytes);
        return Summarize(runs, passes, start, engine.Engine.Memory.CacheBytes, image.StrideBytes);

        IFlashDevice Decorate(IFlashDevice file) => neurons is null
            ? file
            : new ThrottledDevice(neurons.InPlaceOf(file, time), device.CostOf(file.LengthBytes, cell.Readers), time);
    }

    private static ModelSetup SetupOf(StudyCell cell, LocatedModel model, DeviceModel device) => new()
    {
        Folder = model.Image,
        Strategy = cell.Strategy,
        Profile = ModelSetup.NoProfile,      // the device model has what it would say
        Engine = new EngineOptions
        {
            Cache = CacheSize.OfShare(cell.CacheShare),
            CachePolicy = cell.CachePolicy is { } policy ? CacheOptions.Of(policy) : null,
            WarmUp = WarmUpMode.None,
            LookaheadLayers = cell.LookaheadLayers,
            QueueDepth = cell.QueueDepth ?? device.AdvisedDepth,
            Io = cell.Readers == 1 ? FlashAccess.Uring : FlashAccess.Direct,      // by one thread, or by one for each read in flight
            CollapseGapBytes = cell.CollapseGapBytes,
            ReadCost = device.Cost,
        },
    };

    private static CellResult Summarize(List<MeasuredRun> runs, MeasuredTimeline timeline, long start, long cacheBytes, int strideBytes)
    {
        RunMetrics metrics = new(runs, strideBytes);
        double[] millis = [.. runs.Select(run => run.Millis / run.Tokens)];
        double attention = timeline.MillisPerPass(start, "attention", "logits"), predictor = timeline.MillisPerPass(start, "predictor");
        double lookahead = timeline.MillisPerPass(start, "lookahead"), ffn = timeline.MillisPerPass(start, "hits", "arrived", "down");
        double known = attention + predictor + lookahead + ffn + metrics.WaitMillisPerToken;
        return new CellResult
        {
            TokenMillis = millis.Average(),
            TokenMillisDeviation = Statistics.Deviation(millis),
            WorstTokenMillis = metrics.Latency.GapWorstMillis ?? millis.Max(),
            AttentionMillis = attention,
            PredictorMillis = predictor,
            LookaheadMillis = lookahead,
            FfnMillis = ffn,
            OverheadMillis = Math.Max(0, millis.Average() - known),
            WaitMillis = metrics.WaitMillisPerToken,
            DeviceMillis = metrics.DeviceMillisPerToken,
            Bytes = metrics.BytesPerToken,
            Reads = metrics.ReadsPerToken,
            DemandBytes = metrics.DemandBytes,
            CacheBytes = cacheBytes,
            HitRate = metrics.HitRate,
            EffectiveBytesPerSecond = metrics.EffectiveBytesPerSecond,
            AheadOnTime = metrics.AheadOnTime,
            AheadLate = metrics.AheadLate,
            AheadWasted = metrics.AheadWasted,
            DemandMisses = metrics.DemandMisses,
            Timeline = timeline.MiddlePass(start),
        };
    }

    /// <summary>What a simulation takes for granted and an engine does or does not.</summary>
    private static void Refuse(StudyCell cell)
    {
        Require(cell.Computing == ComputeModels.This, "computing", ComputeModels.This, cell.Computing);
        Require(cell.ComputeScale == 1, "compute_scale", "1", $"{cell.ComputeScale}");
        Require(cell.LookaheadRecall is null, "lookahead_recall", "none, it is the engine's own", $"{cell.LookaheadRecall}");
        Require(cell.LookaheadPrecision is null, "lookahead_precision", "none, it is the engine's own", $"{cell.LookaheadPrecision}");
        Require(
            cell.PredictedPerActive is null or 1, "predicted_per_active", "none, the predictor is exact", $"{cell.PredictedPerActive}");
        Require(cell.Trace is null, "trace", "none, the model itself says what is active", $"{cell.Trace}");
        Require(cell.Text == StudyText.SameDomain, "text", "the model's own text", $"{cell.Text}");
        Require(cell.Tokens >= 2, "tokens", "2 or more", $"{cell.Tokens}");

        void Require(bool holds, string key, string expected, string found)
        {
            if (!holds)
                throw new NeuralinkException($"measure {cell.Model}", $"{key} {expected}", found, "simulate such a cell");
        }
    }

    private static void RefuseOtherOrder(StudyCell cell, FlashImage image)
    {
        string found = image.Manifest.Placement.Method;
        if (cell.Placement is { } placement && !placement.ToString().Equals(found, StringComparison.OrdinalIgnoreCase))
        {
            throw new NeuralinkException(
                $"measure {cell.Model}", $"an image in the order {placement.ToString().ToLowerInvariant()}", found,
                "name an image that `neuralink place` has put in that order, or simulate the cell");
        }
    }
}
