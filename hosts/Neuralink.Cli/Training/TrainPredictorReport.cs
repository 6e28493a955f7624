using System.Text.Json.Serialization;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Training;

namespace Neuralink.Cli.Training;

/// <summary>
/// What `train-predictor --json` prints, in snake_case. Shares are 0 to 1; all figures but the multiply-adds are of held-out tokens.
/// </summary>
/// <param name="Predictor">The file.</param>
/// <param name="Model">The model's name.</param>
/// <param name="ModelDigest">What the predictor belongs to.</param>
/// <param name="TrainedOn">The texts.</param>
/// <param name="Depth">Layers between input and prediction.</param>
/// <param name="WantedRecall">--recall.</param>
/// <param name="WantedShareFactor">--share.</param>
/// <param name="Seconds">Of training.</param>
/// <param name="MultiplyAdds">Of predicting all layers for one token.</param>
/// <param name="OfDenseToken">These over a token's with every neuron.</param>
/// <param name="OfSparseToken">These over a token's with the neurons that fire.</param>
/// <param name="Mean">Over the layers that have a predictor.</param>
/// <param name="Layers">Those layers.</param>
internal sealed record TrainPredictorReport(
    string Predictor, string Model, string ModelDigest, string TrainedOn, int Depth, double WantedRecall, double WantedShareFactor,
    double Seconds, long MultiplyAdds,
    double OfDenseToken, double OfSparseToken, TrainedMean Mean, IReadOnlyList<TrainedLayerFigures> Layers)
{
    public static TrainPredictorReport Of(
        TrainedPredictor trained, string path, ModelConfig config, TrainingOptions options, double seconds)
    {
        LowRankInfo info = trained.Info;
        TrainedLayerFigures[] layers =
        [
            .. info.Layers.Index().Where(entry => entry.Item?.Figures is not null)
                .Select(
                    entry =>
                        TrainedLayerFigures.Of(
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
            layers.Average(l => l.PredictedShare), share, layers.Average(l => l.Loss));
        return new TrainPredictorReport(
            path, info.ModelName, info.ModelDigest!, info.TrainedOn, info.Depth, options.Recall, options.ShareFactor, seconds, work,
            work / dense, work / sparse, mean, layers);
    }
}

/// <summary>Means over layers.</summary>
internal sealed record TrainedMean(double Rank, double Recall, double Precision, double PredictedShare, double TrueShare, double Loss);

/// <summary>
/// One layer; see <see cref="LowRankFigures"/>. <see cref="OfDenseLayer"/>: its multiply-adds over the layer's own with every neuron.
/// </summary>
internal sealed record TrainedLayerFigures(
    int Layer, int Rank, float Threshold, double Recall, double Precision, double PredictedShare, double TrueShare, double Loss,
    long MultiplyAdds, double OfDenseLayer, bool Enough, IReadOnlyList<LowRankPoint> Curve)
{
    public static TrainedLayerFigures Of(int index, LowRankLayer layer, long work, long denseWork, bool isEnough)
    {
        LowRankFigures f = layer.Figures!;
        return new(
            index, layer.Rank, layer.Threshold, f.Recall, f.Precision, f.PredictedShare, f.TrueShare, f.Loss, work,
            (double)work / denseWork, isEnough, f.Curve);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(TrainPredictorReport))]
internal sealed partial class TrainPredictorReportJson : JsonSerializerContext;
