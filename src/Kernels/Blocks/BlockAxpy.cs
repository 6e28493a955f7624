using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>
/// y[c] = fma(scale * d of c's block, level[c], y[c]), for one row. A range is whole pairs of blocks, whose quads lie
/// side by side, and what is left at both ends, which goes through a copy.
/// </summary>
[SkipLocalsInit]
internal static class BlockAxpy<TCodec>
    where TCodec : struct, IBundleRowCodec
{
    // Columns whose scales are multiplied at a time, on the stack.
    private const int ChunkColumns = 2048;

    private const int BlockColumns = GroupOrder.BlockColumns, BlocksMax = ChunkColumns / BlockColumns, PairColumns = 2 * BlockColumns;

    private const int Four = GroupOrder.QuadBytes, SecondAt = BlockColumns / 2;

    public static void AddOne(float scale, ref readonly byte row, int padded, ColumnRange range, Span<float> y)
    {
        for (int begin = range.Begin, end; begin < range.End; begin = end)
        {
            end = NextEnd(begin, range.End);
            Span<float> share = y[(begin - range.Begin)..(end - range.Begin)];
            if ((end - begin) % PairColumns == 0 && begin % PairColumns == 0)
                AddPairs(scale, in row, padded, begin, share);
            else
                AddPart(scale, in row, padded, begin, share);
        }
    }

    /// <summary>Up to where the next piece of a range goes: whole pairs, as many as have room on the stack, or part of one.</summary>
    private static int NextEnd(int begin, int end)
    {
        if (begin % PairColumns != 0)
            return Math.Min(end, (begin / PairColumns * PairColumns) + PairColumns);
        int whole = Math.Min(end, begin + ChunkColumns) / PairColumns * PairColumns;
        return whole > begin ? whole : end;
    }

    private static void AddPairs(float scale, ref readonly byte row, int padded, int begin, Span<float> y)
    {
        Unsafe.SkipInit(out Scales products);
        Multiply(scale, in row, padded, begin, y.Length, ref products);
        AddPairs(in row, in products, padded, begin, y);
    }

    /// <summary>The loop over one row, without calls: around them the compiler would keep its vectors in memory.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddPairs(ref readonly byte row, ref readonly Scales scales, int padded, int begin, Span<float> y)
    {
        ref float to = ref MemoryMarshal.GetReference(y);
        for (int c = 0; c < y.Length; c += PairColumns)
        {
            int stride = GroupOrder.QuadStride(padded, begin + c), at = QuadOf(begin + c);
            Vector256<float> s = PairOf(in scales, c);
            for (int quad = 0; quad < GroupOrder.Quads / 2; quad++)
            {
                ref float first = ref Unsafe.Add(ref to, c + (quad * Four)), second = ref Unsafe.Add(ref first, SecondAt);
                TCodec.LoadQuads(in At(in row, at), stride, out Vector256<float> w0, out Vector256<float> w1);
                Store(Vector256.FusedMultiplyAdd(s, w0, Load(ref first)), ref first);
                Store(Vector256.FusedMultiplyAdd(s, w1, Load(ref second)), ref second);
                at += stride;
            }
        }
    }

    /// <summary>Where a row has the first quad of a pair of blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int QuadOf(int column) =>
        TCodec.LevelBytes(column / GroupOrder.Columns * GroupOrder.Columns)
        + (column % GroupOrder.Columns / BlockColumns * GroupOrder.QuadBytes);

    /// <summary>Four times a block's product, and four times the next one's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> PairOf(ref readonly Scales scales, int column)
    {
        ref float at = ref Unsafe.Add(ref Unsafe.As<Scales, float>(ref Unsafe.AsRef(in scales)), column / BlockColumns);
        return Vector256.Create(Vector128.Create(at), Vector128.Create(Unsafe.Add(ref at, 1)));
    }

    /// <summary>Four columns, and the four that lie a block behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Load(ref float y) =>
        Vector256.Create(Vector128.LoadUnsafe(ref y), Vector128.LoadUnsafe(ref y, BlockColumns));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<float> value, ref float y)
    {
        value.GetLower().StoreUnsafe(ref y);
        value.GetUpper().StoreUnsafe(ref y, BlockColumns);
    }

    /// <summary>Part of a pair: all of it is computed beside y. The levels are there: a row is padded to whole pairs.</summary>
    private static void AddPart(float scale, ref readonly byte row, int padded, int column, Span<float> y)
    {
        Span<float> pair = stackalloc float[PairColumns];
        int at = column % PairColumns;
        pair.Clear();
        y.CopyTo(pair[at..]);
        AddPairs(scale, in row, padded, column - at, pair);
        pair.Slice(at, y.Length).CopyTo(y);
    }

    /// <summary>products[i] = scale * d of the i-th block from column <paramref name="begin"/> on.</summary>
    private static void Multiply(float scale, ref readonly byte row, int padded, int begin, int columns, ref Scales products)
    {
        ref float to = ref Unsafe.As<Scales, float>(ref products);
        int offset = TCodec.ScaleBytes(padded, 0) + (begin / BlockColumns * sizeof(short));
        ref readonly byte d = ref At(in row, offset);
        Vector256<float> factor = Vector256.Create(scale);
        int b = 0, count = columns / BlockColumns;
        for (; b <= count - Vector256<float>.Count; b += Vector256<float>.Count)
            (factor * HalfScales.Eight(in At(in d, b * sizeof(short)))).StoreUnsafe(ref Unsafe.Add(ref to, b));

        for (; b < count; b++)
            Unsafe.Add(ref to, b) = scale * HalfScales.Of(in d, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref readonly byte At(ref readonly byte origin, nint offset) => ref Unsafe.Add(ref Unsafe.AsRef(in origin), offset);

    [InlineArray(BlocksMax)]
    private struct Scales
    {
        private float _first;
    }
}
