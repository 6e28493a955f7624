using System.Text.Json;
using Neuralink.Evaluation;
using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Quality;

/// <summary>One run of `perplexity`: find the model, tokenize, score, print, and store what a predictor costs.</summary>
internal sealed class PerplexityRun(PerplexitySettings settings, Surroundings surroundings)
{
    private double _share;      // of the windows that are scored

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        ModelStore store = ModelLocator.Store(surroundings);
        string folder = ModelLocator.FolderOf(settings.Model, settings.Reading, surroundings, cancellation);
        LocatedModel model = store.Locate(folder, settings.Reading, cancellation);
        FlashImage image = store.Open(model, cancellation);
        // What could keep the figures from being stored is better known before they are measured.
        QualityFile? stored = settings.Save ? QualityFile.Read(image) : null;
        PerplexityTexts texts = await PerplexityTexts.ReadAsync(settings, ImageTokenizer.Load(image), cancellation);
        await using QualityMeter meter = await QualityMeter.OpenAsync(image.Folder, settings.Options, surroundings.Time, cancellation);
        PredictorOptions? predictor = settings.Options.Predictor;
        if (predictor?.IsExact == true)
            surroundings.Note("exact prediction is the dense model bit for bit: this measures that it is");
        PredictorIdentity? identity = stored is null ? null : PredictorIdentities.Of(predictor!, image);

        long start = surroundings.Time.GetTimestamp();
        QualityMetrics figures = Measure(meter, texts, cancellation);
        double seconds = surroundings.Time.GetElapsedTime(start).TotalSeconds;
        PerplexityReport report = PerplexityReport.Of(
            figures, meter, model.Name, texts.Names, predictor is null ? null : PredictorText.Of(predictor), seconds);
        if (settings.Json)
            surroundings.Out.WriteLine(JsonSerializer.Serialize(report, PerplexityReportJson.Default.PerplexityReport));
        else
            PerplexityTable.Write(report, Screen.OnOut(surroundings));
        if (stored is not null)
        {
            stored.With(report.ToQuality(identity!)).Write(image);
            surroundings.Note($"stored in {image.PathOf(QualityFile.FileName)}");
        }
        return ExitCode.Success;
    }

    private QualityMetrics Measure(QualityMeter meter, PerplexityTexts texts, CancellationToken cancellation)
    {
        QualityMetrics? figures = null;
        try
        {
            ProgressDisplay.Run(
                surroundings, "scoring", shown =>
                    figures = meter.MeasureAsync(texts.Tokens, new Watched(this, shown), cancellation).GetAwaiter().GetResult());
        }
        catch (OperationCanceledException error)
        {
            throw new CancelledException(
                $"stopped with {_share:0%} of the windows scored{(settings.Save ? "; nothing is stored" : "")}", error);
        }
        return figures!;
    }

    private sealed class Watched(PerplexityRun run, IProgress<double> shown) : IProgress<double>
    {
        public void Report(double value)
        {
            run._share = value;
            shown.Report(value);
        }
    }
}
