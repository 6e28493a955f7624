using Neuralink.Cli.Terminal;
using Neuralink.Evaluation;
using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Tracing;
using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Calibration;

/// <summary>One run of `calibrate`: measure sizes, choose thresholds, write the image, and measure what they cost.</summary>
internal sealed class CalibrateRun(CalibrateSettings settings, Surroundings surroundings)
{
    private const int WindowTokensMax = 512;

    // A quarter is held out: thresholds that were fitted to a text cost less on it than on others.
    private const double FittedShare = 0.75;

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        FlashImage image = FlashImage.Open(settings.Image);
        ModelConfig config = ModelConfigJson.Read(image);
        Require(config);
        int window = settings.WindowTokens ?? Math.Min(config.ContextLength, WindowTokensMax);
        (List<int[]> fitted, List<int[]> heldOut) = await TextsAsync(ImageTokenizer.Load(image), cancellation);
        GateSizes sizes = Measure(image, fitted, window, cancellation);
        ModelConfig calibrated = config with
        {
            LayerThresholds = [.. Enumerable.Range(0, config.LayerCount).Select(layer => sizes.ThresholdOf(layer, settings.ActiveShare))],
        };
        ProgressDisplay.Run(surroundings, "writing", share => ImageRewriter.RewriteModel(
            image, settings.Output, ModelConfigJson.Write(calibrated), calibrated.WeighsNorms ? sizes.Norms : null, settings.Force,
            new ByteShare(share, ImageRewriter.TotalBytes(image)), cancellation));
        QualityMetrics metrics = await MeasureAsync(heldOut, window, cancellation);
        Report(calibrated, metrics);
        return ExitCode.Success;
    }

    private void Require(ModelConfig config)
    {
        string activation = ActivationNames.NameOf(config.Activation, config.ActivationThreshold);
        if (config.IsSparse)
        {
            throw new NeuralinkException(
                $"calibrate {settings.Image}", "an image whose neurons never fall silent",
                config.LayerThresholds.Count > 0 ? "one that is calibrated" : activation,
                config.LayerThresholds.Count > 0 ? "calibrate the image that it was made from" : "it runs sparse, and exactly, as it is");
        }
    }

    private async Task<(List<int[]> Fitted, List<int[]> HeldOut)> TextsAsync(Tokenizer tokenizer, CancellationToken cancellation)
    {
        (List<int[]> fitted, List<int[]> heldOut) = ([], []);
        foreach (string path in settings.Texts)
        {
            int[] tokens = tokenizer.Encode(await Utf8Text.ReadFileAsync(path, $"read {path}", cancellation));
            tokens = tokens[..Math.Min(tokens.Length, settings.TokensMax ?? int.MaxValue)];
            int cut = (int)(tokens.Length * FittedShare);
            if (cut < 1 || tokens.Length - cut < 2)
                throw new NeuralinkException($"calibrate by {path}", "at least 8 tokens", $"{tokens.Length}", "give a longer text");
            fitted.Add(tokens[..cut]);
            heldOut.Add(tokens[cut..]);
        }
        return (fitted, heldOut);
    }

    private GateSizes Measure(FlashImage image, List<int[]> texts, int window, CancellationToken cancellation)
    {
        TokenWindows windows = TokenWindows.Cut(texts, window);
        using ActivationTracer tracer = new(image, windows.WindowTokens, settings.Threads, memoryBytes: null, surroundings.Time);
        GateSizes? sizes = null;
        ProgressDisplay.Run(surroundings, "calibrating", share => sizes = tracer.Measure(windows, share, cancellation));
        return sizes!;
    }

    private async Task<QualityMetrics> MeasureAsync(List<int[]> texts, int window, CancellationToken cancellation)
    {
        QualityOptions options = new() { Predictor = PredictorOptions.Exact, WindowTokens = window, Threads = settings.Threads };
        await using QualityMeter meter = await QualityMeter.OpenAsync(
            settings.Image, settings.Output, options, surroundings.Time, cancellation);
        QualityMetrics? metrics = null;
        ProgressDisplay.Run(surroundings, "measuring", share =>
            metrics = meter.MeasureAsync(texts, share, cancellation).GetAwaiter().GetResult());
        return metrics!;
    }

    private void Report(ModelConfig calibrated, QualityMetrics metrics)
    {
        PredictedMetrics cost = metrics.Predicted!;
        surroundings.Out.WriteLine(
            $"calibrated {settings.Output}: thresholds of {calibrated.LayerThresholds.Min():g3} to {calibrated.LayerThresholds.Max():g3}; "
            + $"on {metrics.Tokens} tokens held out {cost.Run.NeuronShare:0.0%} of the neurons are active");
        surroundings.Out.WriteLine(
            $"approximate: perplexity {cost.Run.Perplexity:0.000}, exactly {metrics.Dense.Perplexity:0.000} "
            + $"({cost.PerplexityRatio:0.0000} times); the most probable token is the same for {cost.AgreementShare:0.0%}");
    }
}
