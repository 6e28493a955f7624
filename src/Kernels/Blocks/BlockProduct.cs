using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>Rows of <see cref="QuantizedInput"/> that are multiplied together.</summary>
internal interface IInputSource
{
    /// <summary>How many.</summary>
    public int Count { get; }

    /// <summary>One of them.</summary>
    public ref readonly byte Row(int index);
}

/// <summary>Rows that follow each other.</summary>
internal readonly ref struct InputsInTurn(ref readonly byte first, int rowBytes, int count) : IInputSource
{
    private readonly ref readonly byte _first = ref first;

    public int Count => count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref readonly byte Row(int index) => ref Unsafe.Add(ref Unsafe.AsRef(in _first), (nint)index * rowBytes);
}

/// <summary>Some rows of those.</summary>
internal readonly ref struct ChosenInputs(ref readonly byte first, int rowBytes, ReadOnlySpan<int> chosen) : IInputSource
{
    private readonly ref readonly byte _first = ref first;
    private readonly ReadOnlySpan<int> _chosen = chosen;

    public int Count => _chosen.Length;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref readonly byte Row(int index) => ref Unsafe.Add(ref Unsafe.AsRef(in _first), (nint)_chosen[index] * rowBytes);
}

/// <summary>
/// Products with several rows of x. A group of columns of some rows of x stays in the first-level cache while rows of weights pass over it,
/// each group of which is unpacked once. The sums wait with all their lanes, so each has the bits of
/// <see cref="BlockTiles{TCodec, TBytes}"/>.
/// </summary>
internal static class BlockProduct<TCodec, TBytes>
    where TCodec : struct, IBlockRowCodec
    where TBytes : struct, IByteLanes<TBytes>
{
    // A group of these inputs is 15 KiB, and the sums of these rows with them 12 KiB.
    private const int InputsMax = 48, RowsMax = 8, Lanes = GroupOrder.Blocks;

    /// <summary>The whole product. Lengths are the caller's word.</summary>
    /// <param name="rows">Rows of weights.</param>
    /// <param name="x">The first row of <see cref="QuantizedInput"/>; the others follow it.</param>
    /// <param name="results">Takes the products.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="padded">Columns of a row of weights.</param>
    [SkipLocalsInit]
    public static void Multiply<TRows, TResults>(TRows rows, ref readonly byte x, TResults results, MatMulShape shape, int padded)
        where TRows : IRowSource, allows ref struct
        where TResults : IPanelResults, allows ref struct
    {
        int xBytes = QuantizedInput.RowBytes(shape.Columns), inputsMax = Math.Min(InputsMax, shape.Batch);
        Span<float> sums = stackalloc float[RowsMax * inputsMax * Lanes], values = stackalloc float[inputsMax * PanelSizes.Rows];
        for (int input = 0; input < shape.Batch; input += inputsMax)
        {
            int count = Math.Min(inputsMax, shape.Batch - input);
            InputsInTurn inputs = new(in Unsafe.Add(ref Unsafe.AsRef(in x), (nint)input * xBytes), xBytes, count);
            for (int row = 0; row < shape.RowCount; row += PanelSizes.Rows)
            {
                int rowCount = Math.Min(PanelSizes.Rows, shape.RowCount - row);
                for (int r = 0; r < rowCount; r += RowsMax)
                {
                    int some = Math.Min(RowsMax, rowCount - r);
                    AddRows(rows, row + r, some, shape.RowCount - 1, inputs, padded, sums);
                    FoldRows(sums, some, count, ref values[r]);
                }

                results.Take(in MemoryMarshal.GetReference(values), new PanelBlock(row, rowCount, input, count));
            }
        }
    }

    /// <summary>y[i] = row times input i.</summary>
    [SkipLocalsInit]
    public static void MultiplyRow<TInputs>(ref readonly byte row, TInputs inputs, int padded, Span<float> y)
        where TInputs : IInputSource, allows ref struct
    {
        Span<float> sums = stackalloc float[inputs.Count * Lanes];
        sums.Clear();
        ref float origin = ref MemoryMarshal.GetReference(sums);
        for (int group = 0; group < padded / GroupOrder.Columns; group++)
            BlockTiles<TCodec, TBytes>.AddGroup(in row, padded, group, inputs, group, ref origin);
        if (padded % GroupOrder.Columns != 0)
            AddLast(in row, inputs, padded, ref origin);
        for (int i = 0; i < inputs.Count; i++)
            y[i] = BlockTiles<TCodec, TBytes>.Fold(Vector256.LoadUnsafe(in origin, (nuint)(i * Lanes)));
    }

    private static void AddRows<TRows>(TRows rows, int first, int count, int last, InputsInTurn inputs, int padded, Span<float> sums)
        where TRows : IRowSource, allows ref struct
    {
        int rowSums = inputs.Count * Lanes;
        sums[..(count * rowSums)].Clear();
        ref float origin = ref MemoryMarshal.GetReference(sums);
        for (int group = 0; group < padded / GroupOrder.Columns; group++)
        {
            int levels = TCodec.LevelBytes(group * GroupOrder.Columns), end = TCodec.LevelBytes((group + 1) * GroupOrder.Columns);
            for (int r = 0; r < count; r++)
            {
                ref readonly byte upcoming = ref rows.Row(Math.Min(first + r + RowsMax, last));
                for (int line = levels; line < end; line += Prefetch.LineBytes)
                    Prefetch.Line(in upcoming, line);
                BlockTiles<TCodec, TBytes>.AddGroup(
                    in rows.Row(first + r), padded, group, inputs, group, ref Unsafe.Add(ref origin, r * rowSums));
            }
        }

        for (int r = 0; r < count && padded % GroupOrder.Columns != 0; r++)
            AddLast(in rows.Row(first + r), inputs, padded, ref Unsafe.Add(ref origin, r * rowSums));
    }

    private static void AddLast<TInputs>(ref readonly byte row, TInputs inputs, int padded, ref float sums)
        where TInputs : IInputSource, allows ref struct
    {
        Unsafe.SkipInit(out LastGroup last);
        ref byte whole = ref BlockTiles<TCodec, TBytes>.WidenLast(in row, padded, ref last);
        BlockTiles<TCodec, TBytes>.AddGroup(in whole, GroupOrder.Columns, 0, inputs, padded / GroupOrder.Columns, ref sums);
    }

    /// <summary>values[i, r] = the folded sums[r, i].</summary>
    private static void FoldRows(ReadOnlySpan<float> sums, int rows, int inputs, ref float values)
    {
        ref float origin = ref MemoryMarshal.GetReference(sums);
        for (int i = 0; i < inputs; i++)
        {
            for (int r = 0; r < rows; r++)
            {
                Unsafe.Add(ref values, (i * PanelSizes.Rows) + r) = BlockTiles<TCodec, TBytes>.Fold(
                    Vector256.LoadUnsafe(in origin, (nuint)(((r * inputs) + i) * Lanes)));
            }
        }
    }
}
