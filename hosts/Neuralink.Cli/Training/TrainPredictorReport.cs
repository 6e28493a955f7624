using System.Text.Json.Serialization;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Training;

namespace Neuralink.Cli.Training;

/// <summary>
/// What `train-predictor --json` prints, in snake_case. Shares are 0 to 1; all figures but the multiply-adds are of held-out tokens.
/// </summary>
internal sealed record TrainPredictorReport
{
    /// <summary>The file.</summary>
    public required string Predictor { get; init; }

    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>What the predictor belongs to.</summary>
    public required string ModelDigest { get; init; }

    /// <summary>The texts.</summary>
    public required string TrainedOn { get; init; }

    /// <summary>Layers between input and prediction.</summary>
    public required int Depth { get; init; }

    /// <summary>--recall.</summary>
    public required double WantedRecall { get; init; }

    /// <summary>--share.</summary>
    public required double WantedShareFactor { get; init; }

    /// <summary>Of training.</summary>
    public required double Seconds { get; init; }

    /// <summary>Of predicting all layers for one token.</summary>
    public required long MultiplyAdds { get; init; }

    /// <summary>These over a token's with every neuron.</summary>
    public required double OfDenseToken { get; init; }

    /// <summary>These over a token's with the neurons that fire.</summary>
    public required double OfSparseToken { get; init; }

    /// <summary>Over the layers that have a predictor.</summary>
    public required TrainedMean Mean { get; init; }

    /// <summary>Those layers.</summary>
    public required IReadOnlyList<TrainedLayerMetrics> Layers { get; init; }

    public static TrainPredictorReport Of(
        TrainedPredictor trained, string path, ModelConfig config, TrainingOptions options, double seconds)
    {
        LowRankInfo info = trained.Info;
        TrainedLayerMetrics[] layers =
        [
            .. info.Layers.Index().Where(entry => entry.Item?.Figures is not null)
                .Select(
                    entry =>
                        TrainedLayerMetrics.Of(
                            entry.Index, entry.Item!, info.MultiplyAddsOf(entry.Index), TokenWork.OfDenseLayer(config),
                            trained.IsEnough(entry.Index))),
        ];
        long work = layers.Sum(layer => layer.MultiplyAdds);
        double dense = TokenWork.OutsideLayers(config) + ((double)config.LayerCount * TokenWork.OfDenseLayer(config));
        // A layer without a predictor has no share either: as sparse as the others on average.
        double share = layers.Average(layer => layer.TrueShare);
        double sparse = TokenWork.OutsideLayers(config) + layers.Sum(layer => TokenWork.OfSparseLayer(config, layer.TrueShare))
            + ((config.LayerCount - layers.Length) * TokenWork.OfSparseLayer(config, share));
        TrainedMean mean = new(
            layers.Average(l => l.Rank), layers.Average(l => l.Recall), layers.Average(l => l.Precision),
            layers.Average(l => l.PredictedShare), share,
            layers.Average(l => l.Loss));
        return new TrainPredictorReport
        {
            Predictor = path,
            Model = info.ModelName,
            ModelDigest = info.ModelDigest!,
            TrainedOn = info.TrainedOn,
            Depth = info.Depth,
            WantedRecall = options.Recall,
            WantedShareFactor = options.ShareFactor,
            Seconds = seconds,
            MultiplyAdds = work,
            OfDenseToken = work / dense,
            OfSparseToken = work / sparse,
            Mean = mean,
            Layers = layers,
        };
    }
}

/// <summary>Means over layers.</summary>
internal sealed record TrainedMean(double Rank, double Recall, double Precision, double PredictedShare, double TrueShare, double Loss);

/// <summary>
/// One layer; see <see cref="LowRankMetrics"/>. <see cref="OfDenseLayer"/>: its multiply-adds over the layer's own with every neuron.
/// </summary>
internal sealed record TrainedLayerMetrics
{
    public required int Layer { get; init; }

    public required int Rank { get; init; }

    public required float Threshold { get; init; }

    public required double Recall { get; init; }

    public required double Precision { get; init; }

    public required double PredictedShare { get; init; }

    public required double TrueShare { get; init; }

    public required double Loss { get; init; }

    public required long MultiplyAdds { get; init; }

    public required double OfDenseLayer { get; init; }

    public required bool Enough { get; init; }

    public required IReadOnlyList<LowRankPoint> Curve { get; init; }

    public static TrainedLayerMetrics Of(int index, LowRankLayer layer, long work, long denseWork, bool isEnough)
    {
        LowRankMetrics f = layer.Figures!;
        return new()
        {
            Layer = index,
            Rank = layer.Rank,
            Threshold = layer.Threshold,
            Recall = f.Recall,
            Precision = f.Precision,
            PredictedShare = f.PredictedShare,
            TrueShare = f.TrueShare,
            Loss = f.Loss,
            MultiplyAdds = work,
            OfDenseLayer = (double)work / denseWork,
            Enough = isEnough,
            Curve = f.Curve,
        };
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(TrainPredictorReport))]
internal sealed partial class TrainPredictorReportJson : JsonSerializerContext;
