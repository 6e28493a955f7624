using System.Runtime.Intrinsics;

namespace Neuralink.Placement.Coactivation;

/// <summary>
/// Transposes eight matrices of 64 x 64 bits at once, one in each lane of 64 vectors: bit j of word k changes places with bit k of word j.
/// </summary>
internal static class BitTranspose
{
    /// <summary>The number of rows, and of columns.</summary>
    public const int Size = 64;

    /// <summary>Swaps off-diagonal squares, from large to small (Warren, Hacker's Delight, 2nd edition, section 7-3).</summary>
    /// <param name="block">[64] words of 8 lanes, changed in place.</param>
    public static void InPlace(Span<Vector512<ulong>> block)
    {
        if (block.Length != Size)
            throw new ArgumentException($"{Size} words expected, {block.Length} given.", nameof(block));
        ulong lowHalves = uint.MaxValue;
        for (int size = Size / 2; size > 0; size /= 2, lowHalves ^= lowHalves << size)
        {
            Vector512<ulong> mask = Vector512.Create(lowHalves);
            for (int row = 0; row < Size; row = ((row | size) + 1) & ~size)
            {
                Vector512<ulong> upper = block[row], lower = block[row | size];
                Vector512<ulong> differing = ((upper >> size) ^ lower) & mask;
                block[row] = upper ^ (differing << size);
                block[row | size] = lower ^ differing;
            }
        }
    }
}
