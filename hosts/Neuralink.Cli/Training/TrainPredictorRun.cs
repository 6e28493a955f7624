using System.Text.Json;
using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Training;
using Neuralink.Models.Weights;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Training;

/// <summary>One run of `train-predictor`: check what can be checked, train, write, print.</summary>
internal sealed class TrainPredictorRun(TrainPredictorSettings settings, Surroundings surroundings)
{
    private readonly TrainingOptions _options = settings.Options;

    private bool IsSvd => settings.Method == TrainingMethod.Svd;

    public int Run(CancellationToken cancellation)
    {
        using ActivationTrace trace = ActivationTrace.Open(settings.Trace);
        _ = trace.RequireInputs();
        FlashImage image = FlashImage.Open(ModelLocator.Locate(settings.Model, settings.Reading, surroundings, cancellation).Image);
        trace.ExpectModel(image.Folder, image.ModelDigest, image.LayerCount, image.SlotCount);
        string output = settings.Output
            ?? image.PathOf(IsSvd ? LowRankFile.SvdName : LowRankFile.NameOf(_options.Depth));
        AtomicFile.CheckName(output, settings.Force);

        long start = surroundings.Time.GetTimestamp();
        TrainedPredictor trained = Train(trace, image, cancellation);
        double seconds = surroundings.Time.GetElapsedTime(start).TotalSeconds;
        trained.Write(output, settings.Force);
        Remark(trained);
        TrainPredictorReport report = TrainPredictorReport.Of(trained, output, ModelConfigJson.Read(image), _options, seconds);
        if (settings.Json)
            surroundings.Out.WriteLine(JsonSerializer.Serialize(report, TrainPredictorReportJson.Default.TrainPredictorReport));
        else
            TrainPredictorTable.Write(report, Screen.OnOut(surroundings));
        return ExitCode.Success;
    }

    private TrainedPredictor Train(ActivationTrace trace, FlashImage image, CancellationToken cancellation)
    {
        TrainedPredictor? trained = null;
        try
        {
            ProgressDisplay.Run(
                surroundings, IsSvd ? "decomposing" : "training", share => trained = IsSvd
                    ? PredictorTrainer.Decompose(trace, ImageModel.Of(image), _options, settings.Threads, share, cancellation)
                    : PredictorTrainer.Train(trace, _options, settings.Threads, share, cancellation));
        }
        catch (OperationCanceledException error)
        {
            throw new CancelledException("stopped; no predictor is written", error);
        }
        return trained!;
    }

    private void Remark(TrainedPredictor trained)
    {
        IReadOnlyList<LowRankLayer?> layers = trained.Info.Layers;
        if (_options.Depth > 0)
        {
            string without = _options.Depth == 1
                ? "layer 0 has no layer"
                : $"layers 0 to {_options.Depth - 1} have no layer {_options.Depth}";
            surroundings.Note($"{without} before {(_options.Depth == 1 ? "it" : "them")}, and no predictor at this depth");
        }
        for (int i = 0; i < layers.Count; i++)
        {
            if (layers[i] is { Figures: { } figures } layer && !trained.IsEnough(i))
            {
                surroundings.Note(
                    $"layer {i}: {(_options.Rank is null ? "no rank" : "the rank")} reaches a recall of {_options.Recall:0.##%} within "
                    + $"{_options.ShareFactor:0.##} times the neurons that fire; the best is rank {layer.Rank}, which predicts "
                    + $"{figures.PredictedShare / figures.TrueShare:0.0} times as many");
            }
        }
    }
}
