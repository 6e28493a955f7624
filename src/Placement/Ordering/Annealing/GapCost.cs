using Neuralink.Placement.Cost;

namespace Neuralink.Placement.Ordering.Annealing;

/// <summary>
/// What a wanted bundle adds to the cost of a token's reads, by its distance d to the wanted bundle before it: d more bundles in the same
/// read, or a read of its own, whichever is cheaper. The cost of a token's reads is the sum over its bundles.
/// <para>Costs are in units such that a read of its own costs 255. Adding bytes with saturation then takes the cheaper of the two.</para>
/// </summary>
internal sealed class GapCost
{
    /// <summary>The cost of a bundle in a read of its own, in units.</summary>
    public const byte Alone = byte.MaxValue;

    /// <param name="cost">What reads cost on the device.</param>
    /// <param name="strideBytes">The bytes of a bundle.</param>
    public GapCost(ReadCost cost, int strideBytes)
    {
        double alone = cost.MicrosOf(strideBytes);
        int slots = cost.BreakEvenGapSlots(strideBytes, gapSlotsMax: Alone) + 1;
        double perSlot = (cost.MicrosOf((slots + 1L) * strideBytes) - alone) / slots;
        PerSlot = (byte)Math.Clamp(Math.Round(Alone * perSlot / alone), 1, Alone);
        Reach = (Alone + PerSlot - 1) / PerSlot;
    }

    /// <summary>The cost of one more bundle in a read, in units.</summary>
    public byte PerSlot { get; }

    /// <summary>Bundles at this distance or further do not influence each other's cost.</summary>
    public int Reach { get; }

    /// <summary>The cost of a wanted bundle at <paramref name="distance"/> from the one before it, in units.</summary>
    public int Of(int distance) => Math.Min(Alone, distance * PerSlot);
}
