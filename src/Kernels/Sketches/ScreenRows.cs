using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>
/// Rows of weights in 8 bits with a scale each, times an input in 16 bits with one scale: quick products whose error has a bound.
/// <code>
/// w~[c] = scale q[c],  q[c] = round(w[c] 127 / max |w|)        x~[c] = scale q[c],  |q[c]| at most InputLevels(columns)
/// y[r] = sum over c of q_w[r, c] q_x[c], an exact integer below 2^31 in size in any order
/// </code>
/// Rows and input are padded with zeros to a multiple of 16 columns.
/// </summary>
public static class ScreenRows
{
    private const int LevelMax = 127, Step = 16;

    // Values this small have no scale whose inverse is a number; they are taken for zero.
    private const float Smallest = 1e-30f;

    // Rows whose sums run side by side, so that an input is loaded once for them.
    private const int Tile = 4;

    // How far ahead of the sums memory is asked for. A step takes as many bytes of four rows as a line of the cache has.
    private const int AheadBytes = 4096;

    /// <summary>The columns of a row, padding included: its bytes, and the numbers of an input.</summary>
    public static int Padded(int columns) => checked(columns + Step - 1) / Step * Step;

    /// <summary>The largest level of an input: what no sum can overflow with.</summary>
    public static int InputLevels(int columns) => Math.Min(short.MaxValue, int.MaxValue / LevelMax / Math.Max(1, Padded(columns)));

    /// <summary>Rounds a row of weights, all finite.</summary>
    /// <param name="weights">[columns].</param>
    /// <param name="row">[Padded(columns)].</param>
    /// <returns>Its scale.</returns>
    public static float Encode(ReadOnlySpan<float> weights, Span<sbyte> row)
    {
        Require.Length(row.Length, Padded(weights.Length), nameof(row));
        float scale = ScaleOf(weights, LevelMax);
        row.Clear();
        if (!(scale > 0))
            return scale;
        int c = 0;
        for (; c <= weights.Length - Step; c += Step)
        {
            Vector256<short> levels = Levels(weights[c..], 1 / scale);
            Vector128.Narrow(levels.GetLower(), levels.GetUpper()).CopyTo(row[c..]);
        }

        for (; c < weights.Length; c++)
            row[c] = (sbyte)MathF.Round(weights[c] * (1 / scale));
        return scale;
    }

    /// <summary>The weights that were rounded to a row.</summary>
    public static void Decode(ReadOnlySpan<sbyte> row, float scale, Span<float> weights)
    {
        Require.Length(row.Length, Padded(weights.Length), nameof(row));
        int c = 0;
        for (; c <= weights.Length - Step; c += Step)
        {
            (Vector128<short> low, Vector128<short> high) = Vector128.Widen(Vector128.Create(row[c..]));
            (Vector256<int> first, Vector256<int> second) = Vector256.Widen(Vector256.Create(low, high));
            (Vector256.ConvertToSingle(first) * scale).CopyTo(weights[c..]);
            (Vector256.ConvertToSingle(second) * scale).CopyTo(weights[(c + Vector256<float>.Count)..]);
        }

        for (; c < weights.Length; c++)
            weights[c] = scale * row[c];
    }

    /// <summary>Rounds an input.</summary>
    /// <param name="x">[columns].</param>
    /// <param name="input">[Padded(columns)].</param>
    /// <returns>
    /// Its scale; each value is off by at most half of it, and a hundredth for the rounding of float32. NaN where x is not finite.
    /// </returns>
    public static float EncodeInput(ReadOnlySpan<float> x, Span<short> input)
    {
        Require.Length(input.Length, Padded(x.Length), nameof(input));
        float scale = ScaleOf(x, InputLevels(x.Length));
        input.Clear();
        if (!(scale > 0))
            return scale;
        int c = 0;
        for (; c <= x.Length - Step; c += Step)
            Levels(x[c..], 1 / scale).CopyTo(input[c..]);
        for (; c < x.Length; c++)
            input[c] = (short)MathF.Round(x[c] * (1 / scale));
        return scale;
    }

    /// <summary>y[r], as float32, of rows that lie one after the other.</summary>
    /// <param name="rows">[y.Length, input.Length].</param>
    /// <param name="input">From <see cref="EncodeInput"/>.</param>
    /// <param name="y">The sums, without scales.</param>
    public static void Multiply(ReadOnlySpan<sbyte> rows, ReadOnlySpan<short> input, Span<float> y)
    {
        Require.Length(rows.Length, (long)y.Length * input.Length, nameof(rows));
        Require.Multiple(input.Length, Step, nameof(input));
        ref sbyte row = ref MemoryMarshal.GetReference(rows);
        int r = 0;
        for (; r <= y.Length - Tile; r += Tile)
            MultiplyFour(ref Unsafe.Add(ref row, (nint)r * input.Length), input, y.Slice(r, Tile));
        for (; r < y.Length; r++)
            y[r] = One(ref Unsafe.Add(ref row, (nint)r * input.Length), input);
    }

    /// <summary>The same, product by product.</summary>
    internal static void Reference(ReadOnlySpan<sbyte> rows, ReadOnlySpan<short> input, Span<float> y)
    {
        for (int r = 0; r < y.Length; r++)
        {
            int sum = 0;
            for (int c = 0; c < input.Length; c++)
                sum = checked(sum + (rows[(r * input.Length) + c] * input[c]));
            y[r] = sum;
        }
    }

    private static void MultiplyFour(ref sbyte rows, ReadOnlySpan<short> input, Span<float> y)
    {
        ref sbyte row1 = ref Unsafe.Add(ref rows, input.Length);
        ref sbyte row2 = ref Unsafe.Add(ref rows, 2 * (nint)input.Length);
        ref sbyte row3 = ref Unsafe.Add(ref rows, 3 * (nint)input.Length);
        ref short source = ref MemoryMarshal.GetReference(input);
        Vector256<int> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (int c = 0; c < input.Length; c += Step)
        {
            Prefetch.Line(in Unsafe.As<sbyte, byte>(ref rows), (Tile * c) + AheadBytes);
            Vector256<short> x = Vector256.LoadUnsafe(ref source, (nuint)c);
            sum0 += Products(ref Unsafe.Add(ref rows, c), x);
            sum1 += Products(ref Unsafe.Add(ref row1, c), x);
            sum2 += Products(ref Unsafe.Add(ref row2, c), x);
            sum3 += Products(ref Unsafe.Add(ref row3, c), x);
        }

        y[0] = Vector256.Sum(sum0);
        y[1] = Vector256.Sum(sum1);
        y[2] = Vector256.Sum(sum2);
        y[3] = Vector256.Sum(sum3);
    }

    private static float One(ref sbyte row, ReadOnlySpan<short> input)
    {
        Vector256<int> sum = default;
        for (int c = 0; c < input.Length; c += Step)
            sum += Products(ref Unsafe.Add(ref row, c), Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(input), (nuint)c));

        return Vector256.Sum(sum);
    }

    /// <summary>The products of 16 columns, two in each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Products(ref sbyte row, Vector256<short> x)
    {
        if (Avx2.IsSupported)
            return Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(Vector128.LoadUnsafe(ref row)), x);

        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(Vector128.LoadUnsafe(ref row));
        (Vector256<int> w0, Vector256<int> w1) = Vector256.Widen(Vector256.Create(low, high));
        (Vector256<int> x0, Vector256<int> x1) = Vector256.Widen(x);
        return (w0 * x0) + (w1 * x1);
    }

    /// <summary>The levels of 16 values.</summary>
    private static Vector256<short> Levels(ReadOnlySpan<float> values, float perUnit) => Vector256.Narrow(
        Vector256.ConvertToInt32(Vector256.Round(Vector256.Create(values) * perUnit)),
        Vector256.ConvertToInt32(Vector256.Round(Vector256.Create(values[Vector256<float>.Count..]) * perUnit)));

    private static float ScaleOf(ReadOnlySpan<float> values, int levels)
    {
        float largest = values.IsEmpty ? 0 : MathF.Abs(TensorPrimitives.MaxMagnitude(values));
        return !float.IsFinite(largest) ? float.NaN : largest < Smallest ? 0 : largest / levels;
    }
}
