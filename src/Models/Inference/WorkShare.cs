using Neuralink.Kernels;

namespace Neuralink.Models.Inference;

/// <summary>
/// How finely work is split over workers. Waking one costs some ten microseconds, so less than <see cref="WeightsMin"/> products of a
/// weight and a value stay on the caller while all sleep. One that is awake, because the section before has only just ended, takes its
/// share at once.
/// </summary>
internal static class WorkShare
{
    /// <summary>What one thread does in some ten microseconds.</summary>
    public const int WeightsMin = 1 << 16;

    /// <summary>The same where a worker is awake: two or three microseconds.</summary>
    public const int WeightsMinAwake = 1 << 14;

    /// <summary>The smallest share, in units, a multiple of <paramref name="multiple"/>.</summary>
    /// <param name="pool">Who shares the work.</param>
    /// <param name="unitWeights">Products of a unit, such as the columns of a row times the tokens.</param>
    /// <param name="multiple">Units that are not split.</param>
    public static int Grain(WorkerPool pool, long unitWeights, int multiple)
    {
        int weights = pool.IsAwake ? WeightsMinAwake : WeightsMin;
        return (int)Math.Max(weights / Math.Max(unitWeights * multiple, 1), 1) * multiple;
    }
}
