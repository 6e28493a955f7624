using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>y += scale * row, for one row or for four in turn. Every element is one fused multiply-add a row, in the rows' order.</summary>
internal static class AxpyTiles<TCodec, TLanes>
    where TCodec : struct, IWeightCodec
    where TLanes : struct, ILanes<TLanes>
{
    private const int Lanes = ILanes<TLanes>.Count;

    /// <summary>y[c] = fma(scale, row[c], y[c]).</summary>
    public static void AddOne(float scale, ref readonly byte row, Span<float> y)
    {
        ref float to = ref MemoryMarshal.GetReference(y);
        TLanes scales = TLanes.Broadcast(scale);
        int c = 0;
        for (; c <= y.Length - Lanes; c += Lanes)
        {
            ref float at = ref Unsafe.Add(ref to, c);
            TLanes.Store(TLanes.FusedMultiplyAdd(scales, W(in row, c), TLanes.Load(in at)), ref at);
        }

        for (; c < y.Length; c++)
            y[c] = MathF.FusedMultiplyAdd(scale, Decode(in row, c), y[c]);
    }

    /// <summary>
    /// The same for four rows one after the other, with the same bits; y is loaded and stored once. Meanwhile four rows that are read
    /// soon after are prefetched.
    /// </summary>
    public static void AddFour(ReadOnlySpan<float> scales, RowFour rows, RowFour upcoming, Span<float> y)
    {
        ref float to = ref MemoryMarshal.GetReference(y);
        ref readonly byte w0 = ref rows.Row0, w1 = ref rows.Row1, w2 = ref rows.Row2, w3 = ref rows.Row3;
        ref readonly byte u0 = ref upcoming.Row0, u1 = ref upcoming.Row1, u2 = ref upcoming.Row2, u3 = ref upcoming.Row3;
        float h0 = scales[0], h1 = scales[1], h2 = scales[2], h3 = scales[3];
        TLanes s0 = TLanes.Broadcast(h0), s1 = TLanes.Broadcast(h1), s2 = TLanes.Broadcast(h2), s3 = TLanes.Broadcast(h3);
        int c = 0;
        for (; c <= y.Length - Lanes; c += Lanes)
        {
            if (c % (2 * Lanes) == 0)
            {
                Prefetch.Weights<TCodec>(in u0, c);
                Prefetch.Weights<TCodec>(in u1, c);
                Prefetch.Weights<TCodec>(in u2, c);
                Prefetch.Weights<TCodec>(in u3, c);
            }

            ref float at = ref Unsafe.Add(ref to, c);
            TLanes sum = TLanes.FusedMultiplyAdd(s0, W(in w0, c), TLanes.Load(in at));
            sum = TLanes.FusedMultiplyAdd(s1, W(in w1, c), sum);
            sum = TLanes.FusedMultiplyAdd(s2, W(in w2, c), sum);
            TLanes.Store(TLanes.FusedMultiplyAdd(s3, W(in w3, c), sum), ref at);
        }

        for (; c < y.Length; c++)
        {
            float sum = MathF.FusedMultiplyAdd(h0, Decode(in w0, c), y[c]);
            sum = MathF.FusedMultiplyAdd(h1, Decode(in w1, c), sum);
            sum = MathF.FusedMultiplyAdd(h2, Decode(in w2, c), sum);
            y[c] = MathF.FusedMultiplyAdd(h3, Decode(in w3, c), sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes W(ref readonly byte row, int column)
        => TCodec.Load<TLanes>(in Unsafe.Add(ref Unsafe.AsRef(in row), (nint)column * TCodec.WeightBytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Decode(ref readonly byte row, int column)
        => TCodec.Decode(in Unsafe.Add(ref Unsafe.AsRef(in row), (nint)column * TCodec.WeightBytes));
}
