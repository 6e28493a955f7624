
namespace Neuralink.Studies.Planning;

/// <summary>How good reading ahead is, of the neurons that are not cached.</summary>
/// <param name="Found">Of those that a layer wants, the share that the lookahead finds.</param>
/// <param name="Precision">Of those that it has read, the share that is wanted.</param>
/// <param name="IsMeasured">Whether the predictor's own figures say so.</param>
public readonly record struct LookaheadQuality(double Found, double Precision, bool IsMeasured)
{
    // Curves near 0.39 found at a precision of 0.61 with 6 layers (`generate --json` on the bundled model) and 0.87 at 0.91 with 24
    // (docs/experiments/overlap.md).
    private const double FoundLayers = 7.5, PrecisionLayers = 3.5;

    /// <summary>
    /// Of a sketch's second look: what it finds of what the first missed, and what it has read in vain beside all that is not cached
    /// (docs/experiments/overlap.md, 173 of 261 and 144 of 1800 neurons a token).
    /// </summary>
    public static LookaheadQuality OfSecondLook { get; } = new(0.66, 0.89, IsMeasured: false);

    /// <summary>Bundles read in vain for each that is wanted and not cached.</summary>
    public double VainShare => Precision > 0 ? Found * ((1 / Precision) - 1) : 0;

    /// <summary>
    /// Without figures: neighbouring residuals are the more parallel the more layers there are (Deja Vu, arXiv 2310.17157, section 4.2, for
    /// deep models). Only two models, of 6 layers and of 24, say how much.
    /// </summary>
    /// <param name="options">Who looks ahead.</param>
    /// <param name="layersAhead">How far.</param>
    /// <param name="layerCount">Layers of the model.</param>
    public static LookaheadQuality Assume(PredictorOptions options, int layersAhead, int layerCount)
    {
        if (options.Kind == PredictorKind.Oracle)
            return new LookaheadQuality(1, 1, IsMeasured: true);
        double part = (double)layersAhead / layerCount, turn = FoundLayers * part;
        return new LookaheadQuality(1 / (1 + (turn * turn)), 1 / (1 + (PrecisionLayers * part)), IsMeasured: false);
    }
}
