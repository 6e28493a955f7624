using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>
/// An input of products with block formats: rounded to 8 bits, one scale for each 32 values, as ggml's q8_0 but with the scale in float32.
/// <code>
/// x~[c] = scale[c / 32] * q[c],  q[c] = round(x[c] * 127 / max |x| of its block)
/// a row: [q: P bytes][scale: P / 32 float32][scale * sum of the block's q: P / 32 float32],  P = columns up to a multiple of 256
/// </code>
/// The sums are for formats whose levels are not centred. What is beyond the columns is zero.
/// </summary>
public static class QuantizedInput
{
    /// <summary>Values that share a scale.</summary>
    public const int BlockColumns = 32;

    /// <summary>P is a multiple of this: the widest group of any format.</summary>
    internal const int GroupColumns = 256;

    private const int LevelMax = 127;

    // A block of values this small has no scale that is a normal number; it is taken for zero.
    private const float Smallest = 1e-30f;

    /// <summary>Bytes of a row.</summary>
    public static int RowBytes(int columns)
    {
        Require.NotNegative(columns, nameof(columns));
        return checked(Padded(columns) + (2 * sizeof(float) * (Padded(columns) / BlockColumns)));
    }

    /// <summary>Rounds one row. What is not finite makes its block's products NaN. The same bits on every instruction set.</summary>
    /// <param name="x">[columns].</param>
    /// <param name="row">RowBytes(columns) bytes.</param>
    public static void Quantize(ReadOnlySpan<float> x, Span<byte> row)
    {
        Require.Length(row.Length, RowBytes(x.Length), nameof(row));
        int padded = Padded(x.Length), blocks = padded / BlockColumns;
        Span<sbyte> q = MemoryMarshal.Cast<byte, sbyte>(row[..padded]);
        Span<float> scales = MemoryMarshal.Cast<byte, float>(row.Slice(padded, blocks * sizeof(float)));
        Span<float> sums = MemoryMarshal.Cast<byte, float>(row[(padded + (blocks * sizeof(float)))..]);
        int whole = x.Length / BlockColumns;
        for (int b = 0; b < whole; b++)
        {
            int at = b * BlockColumns;
            scales[b] = Round(x.Slice(at, BlockColumns), q.Slice(at, BlockColumns), out sums[b]);
        }

        q[(whole * BlockColumns)..].Clear();
        scales[whole..].Clear();
        sums[whole..].Clear();
        if (x.Length % BlockColumns != 0)
        {
            Span<float> tail = stackalloc float[BlockColumns];
            tail.Clear();
            x[(whole * BlockColumns)..].CopyTo(tail);
            scales[whole] = Round(tail, q.Slice(whole * BlockColumns, BlockColumns), out sums[whole]);
        }
    }

    /// <summary>The same, value by value.</summary>
    internal static void Reference(ReadOnlySpan<float> x, Span<byte> row)
    {
        int padded = Padded(x.Length), blocks = padded / BlockColumns;
        row.Clear();
        Span<float> scales = MemoryMarshal.Cast<byte, float>(row[padded..]);
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
                row[begin + i] = (byte)level;
                sum += level;
            }

            float scale = largest < Smallest ? 0 : largest / LevelMax;
            scales[begin / BlockColumns] = scale;
            scales[blocks + (begin / BlockColumns)] = scale * sum;
        }
    }

    /// <summary>P.</summary>
    internal static int Padded(int columns) => checked(columns + GroupColumns - 1) / GroupColumns * GroupColumns;

    private static float Round(ReadOnlySpan<float> x, Span<sbyte> q, out float sum)
    {
        float largest = MathF.Abs(TensorPrimitives.MaxMagnitude(x));
        if (!(largest >= Smallest && largest <= float.MaxValue))
        {
            q.Clear();
            sum = largest < Smallest ? 0 : float.NaN;
            return sum;
        }

        ref float source = ref MemoryMarshal.GetReference(x);
        float perUnit = LevelMax / largest, scale = largest / LevelMax;
        Vector256<int> q0 = Levels(ref source, perUnit), q1 = Levels(ref Unsafe.Add(ref source, 8), perUnit);
        Vector256<int> q2 = Levels(ref Unsafe.Add(ref source, 16), perUnit), q3 = Levels(ref Unsafe.Add(ref source, 24), perUnit);
        Vector256.Narrow(Vector256.Narrow(q0, q1), Vector256.Narrow(q2, q3)).CopyTo(q);
        sum = scale * Vector256.Sum(q0 + q1 + q2 + q3);
        return scale;
    }

    private static Vector256<int> Levels(ref float source, float perUnit) =>
        Vector256.ConvertToInt32(Vector256.Round(Vector256.LoadUnsafe(ref source) * perUnit));
}
