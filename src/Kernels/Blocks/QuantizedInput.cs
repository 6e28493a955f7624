using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>
/// An input of products with block formats: rounded to 8 bits, one scale for each 32 values, as ggml's q8_0 but with the scale in float32.
/// <code>
/// x~[c] = scale[c / 32] * q[c],  q[c] = round(x[c] * 127 / max |x| of its block)
/// 256 columns: [q: 256 bytes, in the order of GroupOrder][scale: 8 float32][sum of a block's q: 8 int32]
/// </code>
/// The sums are for formats whose levels are not centred. What is beyond the columns is zero.
/// </summary>
public static class QuantizedInput
{
    /// <summary>Values that share a scale.</summary>
    public const int BlockColumns = GroupOrder.BlockColumns;

    /// <summary>Bytes of 256 columns, and where their scales and sums begin.</summary>
    internal const int GroupBytes = GroupOrder.Columns + (2 * ScalesBytes), ScalesAt = GroupOrder.Columns, SumsAt = ScalesAt + ScalesBytes;

    private const int ScalesBytes = GroupOrder.Blocks * sizeof(float), LevelMax = 127, LineBytes = 64;

    // A block of values this small has no scale that is a normal number; it is taken for zero.
    private const float Smallest = 1e-30f;

    /// <summary>Bytes of a row: an odd number of cache lines, so that the same columns of many rows lie in many sets of a cache.</summary>
    public static int RowBytes(int columns)
    {
        Require.NotNegative(columns, nameof(columns));
        int groups = GroupOrder.CountOf(columns);
        return checked((groups * GroupBytes) + (groups % 2 == 0 ? LineBytes : 0));
    }

    /// <summary>Rounds one row. What is not finite makes its block's products NaN. The same bits on every instruction set.</summary>
    /// <param name="x">[columns].</param>
    /// <param name="row">RowBytes(columns) bytes.</param>
    [SkipLocalsInit]
    public static void Quantize(ReadOnlySpan<float> x, Span<byte> row)
    {
        Require.Length(row.Length, RowBytes(x.Length), nameof(row));
        Span<float> padded = stackalloc float[GroupOrder.Columns];
        while (x.Length >= GroupOrder.Columns)
        {
            RoundGroup(x, row[..GroupBytes]);
            x = x[GroupOrder.Columns..];
            row = row[GroupBytes..];
        }

        if (!x.IsEmpty)
        {
            padded[x.Length..].Clear();
            x.CopyTo(padded);
            RoundGroup(padded, row[..GroupBytes]);
            row = row[GroupBytes..];
        }

        row.Clear();
    }

    /// <summary>The same, value by value.</summary>
    internal static void Reference(ReadOnlySpan<float> x, Span<byte> row)
    {
        row.Clear();
        for (int begin = 0; begin < x.Length; begin += BlockColumns)
        {
            ReadOnlySpan<float> block = x[begin..Math.Min(x.Length, begin + BlockColumns)];
            float largest = 0;
            foreach (float value in block)
                largest = float.IsFinite(value) ? MathF.Max(largest, MathF.Abs(value)) : float.NaN;

            int sum = 0;
            for (int i = 0; i < block.Length && largest >= Smallest; i++)
            {
                int level = (int)MathF.Round(block[i] * (LevelMax / largest));
                row[ByteOf(begin + i)] = (byte)level;
                sum += level;
            }

            MemoryMarshal.Write(row[TermOf(begin, ScalesAt)..], largest < Smallest ? 0 : largest / LevelMax);
            MemoryMarshal.Write(row[TermOf(begin, SumsAt)..], sum);
        }
    }

    /// <summary>Where a row has the level of a column.</summary>
    internal static int ByteOf(int column) => (column / GroupOrder.Columns * GroupBytes) + GroupOrder.ByteOf(column % GroupOrder.Columns);

    /// <summary>Where a row has the scale (<see cref="ScalesAt"/>) or the sum (<see cref="SumsAt"/>) of a column's block.</summary>
    internal static int TermOf(int column, int term) =>
        (column / GroupOrder.Columns * GroupBytes) + term + (column % GroupOrder.Columns / BlockColumns * sizeof(float));

    private static void RoundGroup(ReadOnlySpan<float> x, Span<byte> group)
    {
        Span<float> scales = MemoryMarshal.Cast<byte, float>(group[ScalesAt..SumsAt]);
        Span<int> sums = MemoryMarshal.Cast<byte, int>(group[SumsAt..]);
        for (int block = 0; block < GroupOrder.Blocks; block++)
        {
            ReadOnlySpan<float> values = x.Slice(block * BlockColumns, BlockColumns);
            scales[block] = Round(values, ref group[block * GroupOrder.QuadBytes], out sums[block]);
        }
    }

    /// <summary>Rounds a block, whose fours lie 32 bytes apart.</summary>
    private static float Round(ReadOnlySpan<float> x, ref byte q, out int sum)
    {
        float largest = MathF.Abs(TensorPrimitives.MaxMagnitude(x));
        Vector256<sbyte> levels = Vector256<sbyte>.Zero;
        float scale = largest < Smallest ? 0 : float.NaN;
        sum = 0;
        if (largest >= Smallest && largest <= float.MaxValue)
        {
            ref float source = ref MemoryMarshal.GetReference(x);
            float perUnit = LevelMax / largest;
            scale = largest / LevelMax;
            Vector256<int> q0 = Levels(ref source, perUnit), q1 = Levels(ref Unsafe.Add(ref source, 8), perUnit);
            Vector256<int> q2 = Levels(ref Unsafe.Add(ref source, 16), perUnit), q3 = Levels(ref Unsafe.Add(ref source, 24), perUnit);
            levels = Vector256.Narrow(Vector256.Narrow(q0, q1), Vector256.Narrow(q2, q3));
            sum = Vector256.Sum(q0 + q1 + q2 + q3);
        }

        for (int quad = 0; quad < GroupOrder.Quads; quad++)
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref q, quad * GroupOrder.UnitBytes / 2), levels.AsInt32().GetElement(quad));
        return scale;
    }

    private static Vector256<int> Levels(ref float source, float perUnit) =>
        Vector256.ConvertToInt32(Vector256.Round(Vector256.LoadUnsafe(ref source) * perUnit));
}
