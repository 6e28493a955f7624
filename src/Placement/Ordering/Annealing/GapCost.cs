using Neuralink.Placement.Cost;

namespace Neuralink.Placement.Ordering.Annealing;

/// <summary>
/// What a bundle adds to the cost of a token's reads, by its distance d to the wanted bundle before it: d bundles more in the same read, or
/// a read of its own, whichever is cheaper. So the reads of a token cost the sum of this over its bundles.
/// <para>In units of which a byte holds the largest value: the search compares many sums of few of them.</para>
/// </summary>
internal sealed class GapCost
{
    /// <summary>Distances are told apart up to this: the bits of half a word. Only bundles under 1 KiB would need more on flash as it is today.</summary>
    public const int ReachMax = 31;

    private const int UnitsMax = 250;

    private readonly byte[] _units;       // [Reach + 1, Reach + 1]

    /// <param name="cost">The device.</param>
    /// <param name="strideBytes">Bytes of a bundle.</param>
    public GapCost(ReadCost cost, int strideBytes)
    {
        int gapSlots = Math.Min(cost.BreakEvenGapSlots(strideBytes), ReachMax - 2);
        double alone = cost.MicrosOf(strideBytes);
        double perSlot = (cost.MicrosOf((gapSlots + 2L) * strideBytes) - alone) / (gapSlots + 1);
        Reach = Math.Clamp((int)Math.Ceiling(alone / perSlot), 2, ReachMax);
        alone = Math.Min(alone, Reach * perSlot);
        MicrosPerUnit = alone / UnitsMax;
        _units = new byte[(Reach + 1) * (Reach + 1)];
        for (int left = 1; left <= Reach; left++)
        {
            for (int right = 1; right <= Reach; right++)
                _units[(left * (Reach + 1)) + right] = (byte)Math.Round((Of(left) + Of(right) - Of(left + right)) / MicrosPerUnit);
        }

        double Of(int distance) => Math.Min(alone, distance * perSlot);
    }

    /// <summary>The distance from which on a bundle is as good as alone.</summary>
    public int Reach { get; }

    /// <summary>Microseconds of a unit.</summary>
    public double MicrosPerUnit { get; }

    /// <summary>Units that a bundle adds where it lies between wanted bundles at these distances, <see cref="Reach"/> being none near.</summary>
    public byte Of(int left, int right) => _units[(left * (Reach + 1)) + right];
}
