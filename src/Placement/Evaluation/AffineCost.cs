using Neuralink.Placement.Cost;

namespace Neuralink.Placement.Evaluation;

/// <summary>What a read of n bundles costs at least: ReadMicros + n * SlotMicros. Neither is negative.</summary>
internal readonly record struct AffineCost(double ReadMicros, double SlotMicros)
{
    /// <summary>The distance from which on a bundle is as cheap to read alone as in one read with the wanted bundle before it.</summary>
    public double ReachSlots => SlotMicros > 0 ? 1 + (ReadMicros / SlotMicros) : double.PositiveInfinity;

    /// <summary>
    /// Lines that lie on or below a device's curve for reads of 1 to <paramref name="slotsMax"/> bundles, one for each slope that the curve has there:
    /// one of them bounds small reads best, another large ones. A straight curve is its own only line.
    /// </summary>
    public static IEnumerable<AffineCost> Below(ReadCost cost, int strideBytes, int slotsMax)
    {
        // The curve is straight between these.
        long largest = (long)slotsMax * strideBytes;
        (long Bytes, double Micros)[] corners =
        [
            .. cost.Points.Select(p => p.Bytes).Where(b => b > strideBytes && b < largest).Prepend(strideBytes).Append(largest).Distinct()
                .Select(b => (b, cost.MicrosOf(b))),
        ];
        if (corners.Length == 1)
            return [new AffineCost(corners[0].Micros, 0)];
        return corners.Zip(corners.Skip(1), (left, right) => Line((right.Micros - left.Micros) / (right.Bytes - left.Bytes)));

        AffineCost Line(double microsPerByte)
        {
            double readMicros = corners.Min(c => c.Micros - (c.Bytes * microsPerByte));
            return readMicros >= 0
                ? new AffineCost(readMicros, microsPerByte * strideBytes)
                : new AffineCost(0, corners.Min(c => c.Micros / c.Bytes) * strideBytes);
        }
    }
}
