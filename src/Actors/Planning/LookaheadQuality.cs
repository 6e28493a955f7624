using Neuralink.Actors.Prediction;

namespace Neuralink.Actors.Planning;

/// <summary>How good reading ahead is, of the neurons that are not cached.</summary>
/// <param name="Found">Of those that a layer wants, the share that the lookahead finds.</param>
/// <param name="Precision">Of those that it has read, the share that is wanted.</param>
/// <param name="IsMeasured">Whether the predictor's own figures say so.</param>
public readonly record struct LookaheadQuality(double Found, double Precision, bool IsMeasured)
{
    // The layers over which a residual turns so far that half is missed. Measured: 0.28 found at a precision of 0.33 with 6 layers (the bundled model), 0.87 at 0.91 with 24.
    private const double HalvingLayers = 9;

    /// <summary>Bundles read in vain for each that is wanted and not cached.</summary>
    public double VainShare => Precision > 0 ? Found * ((1 / Precision) - 1) : 0;

    /// <summary>
    /// Without figures: neighbouring residuals are the more parallel the more layers there are (Deja Vu, arXiv 2310.17157, section 4.2, for deep models). The curve is
    /// through two models of docs/experiments.md ("Overlap"), one of 6 layers and one of 24.
    /// </summary>
    /// <param name="options">Who looks ahead.</param>
    /// <param name="layersAhead">How far.</param>
    /// <param name="layerCount">Layers of the model.</param>
    public static LookaheadQuality Assume(PredictorOptions options, int layersAhead, int layerCount)
    {
        if (options.Kind == PredictorKind.Oracle)
            return new LookaheadQuality(1, 1, IsMeasured: true);
        double turn = HalvingLayers * layersAhead / layerCount, share = 1 / (1 + (turn * turn));
        return new LookaheadQuality(share, share, IsMeasured: false);
    }
}
