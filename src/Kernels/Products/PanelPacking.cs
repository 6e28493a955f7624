using System.Runtime.CompilerServices;

namespace Neuralink.Kernels;

/// <summary>
/// Packs rows into panels: sixteen columns of each row of a tile, then the next sixteen of each. What is missing of a tile's rows and of
/// the last step's columns is zero, which adds nothing to a sum.
/// </summary>
internal static class PanelPacking<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private const int Lanes = PanelSizes.Lanes;

    /// <summary>to[s, 0..15] = row's columns of step s, with <paramref name="stride"/> floats from one step to the next.</summary>
    /// <param name="row">The row's first column of the block.</param>
    /// <param name="upcoming">The columns of a row that is packed soon after; they are prefetched.</param>
    /// <param name="to">The row's place in the panel.</param>
    /// <param name="columns">Columns of the block.</param>
    /// <param name="stride">Floats of a step of the whole tile.</param>
    public static void Row<TCodec>(ref byte row, ref readonly byte upcoming, ref float to, int columns, int stride)
        where TCodec : struct, IWeightCodec
    {
        int c = 0;
        for (; c <= columns - Lanes; c += Lanes)
        {
            if (Lanes * TCodec.WeightBytes >= 64 || c % (2 * Lanes) == 0)
                Prefetch.Line(in upcoming, (nint)c * TCodec.WeightBytes);

            TLanes.Store(TCodec.Load<TLanes>(in row), ref to);
            row = ref Unsafe.Add(ref row, Lanes * TCodec.WeightBytes);
            to = ref Unsafe.Add(ref to, stride);
        }

        for (int lane = 0; c < columns && lane < Lanes; lane++)
            Unsafe.Add(ref to, lane) = c + lane < columns ? TCodec.Decode(in Unsafe.Add(ref row, lane * TCodec.WeightBytes)) : 0f;
    }

    /// <summary>A row of zeros.</summary>
    public static void Nothing(ref float to, int steps, int stride)
    {
        for (int s = 0; s < steps; s++)
            TLanes.Store(TLanes.Zero, ref Unsafe.Add(ref to, s * stride));
    }
}
