using Neuralink.Placement.Cost;

namespace Neuralink.Placement.Evaluation;

/// <summary>A lower bound of what a read of n bundles costs: ReadMicros + n * SlotMicros. Neither is negative.</summary>
internal readonly record struct AffineCost(double ReadMicros, double SlotMicros)
{
    /// <summary>The distance at which a bundle is as cheap to read alone as in one read with the wanted bundle before it.</summary>
    public double ReachSlots => SlotMicros > 0 ? 1 + (ReadMicros / SlotMicros) : double.PositiveInfinity;

    /// <summary>
    /// Lines that lie on or below a device's curve for reads of 1 to <paramref name="slotsMax"/> bundles, one for each slope that the curve
    /// has there. One of them is the best bound for small reads, another for large ones. A straight curve has one line, itself.
    /// </summary>
    public static IEnumerable<AffineCost> Below(ReadCost cost, int strideBytes, int slotsMax)
    {
        // The curve is straight between its corners.
        long largest = (long)slotsMax * strideBytes;
        IEnumerable<long> inner = cost.Points.Select(p => p.Bytes).Where(bytes => bytes > strideBytes && bytes < largest);
        (long Bytes, double Micros)[] corners =
            [.. inner.Prepend(strideBytes).Append(largest).Distinct().Select(bytes => (bytes, cost.MicrosOf(bytes)))];
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
