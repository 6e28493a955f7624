using Neuralink.Placement.Cost;

namespace Neuralink.Placement.Ordering.Annealing;

/// <summary>
/// What a bundle adds to the cost of a token's reads, by its distance d to the wanted bundle before it: d bundles more in the same read, or
/// a read of its own, whichever is cheaper. The reads of a token cost the sum of this over its bundles.
/// <para>In units of which a byte's largest value is a read of its own, so that adding with saturation takes the cheaper of the two.</para>
/// </summary>
internal sealed class GapCost
{
    /// <summary>Units of a bundle read by itself.</summary>
    public const byte Alone = byte.MaxValue;

    /// <param name="cost">The device.</param>
    /// <param name="strideBytes">Bytes of a bundle.</param>
    public GapCost(ReadCost cost, int strideBytes)
    {
        double alone = cost.MicrosOf(strideBytes);
        int slots = cost.BreakEvenGapSlots(strideBytes, gapSlotsMax: Alone) + 1;
        double perSlot = (cost.MicrosOf((slots + 1L) * strideBytes) - alone) / slots;
        PerSlot = (byte)Math.Clamp(Math.Round(Alone * perSlot / alone), 1, Alone);
        Reach = (Alone + PerSlot - 1) / PerSlot;
    }

    /// <summary>Units of a bundle more in a read.</summary>
    public byte PerSlot { get; }

    /// <summary>The distance from which on bundles have nothing to do with each other.</summary>
    public int Reach { get; }

    /// <summary>Units of a bundle at <paramref name="distance"/> from the one before.</summary>
    public int Of(int distance) => Math.Min(Alone, distance * PerSlot);
}
