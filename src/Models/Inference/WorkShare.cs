namespace Neuralink.Models.Inference;

/// <summary>
/// How finely work is split over workers: waking one costs some ten microseconds, so less than <see cref="WeightsMin"/> products of a
/// weight and a value stay on the caller.
/// </summary>
internal static class WorkShare
{
    /// <summary>What one thread does in some ten microseconds.</summary>
    public const int WeightsMin = 1 << 16;

    /// <summary>The smallest share, in units, a multiple of <paramref name="multiple"/>.</summary>
    /// <param name="unitWeights">Products of a unit, such as the columns of a row times the tokens.</param>
    /// <param name="multiple">Units that are not split.</param>
    public static int Grain(long unitWeights, int multiple) =>
        (int)Math.Max(WeightsMin / Math.Max(unitWeights * multiple, 1), 1) * multiple;
}
