using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>
/// A product with many rows of x: y[b * InputStride + r * RowStride] = sum over c of row r[c] * x[b, c].
/// </summary>
/// <param name="RowCount">Rows of weights.</param>
/// <param name="Columns">Columns of both.</param>
/// <param name="Batch">Rows of x, which lie one after the other.</param>
/// <param name="RowStride">Floats of y from one row of weights to the next.</param>
/// <param name="InputStride">Floats of y from one row of x to the next.</param>
internal readonly record struct PanelShape(int RowCount, int Columns, int Batch, int RowStride, int InputStride);

/// <summary>
/// Products with many rows of x. Weights are decoded once for a block of these, into a panel that stays in the first-level cache; x is
/// packed once for a block of rows, so that it stays in the second. The columns come in blocks, between which the sums wait with all their
/// lanes: so each sum has the canonical order of <see cref="ILanes{TSelf}"/>, and the bits of <see cref="WeightKernels.Dot"/>.
/// </summary>
internal static class PanelProduct<TCodec, TLanes, TPart>
    where TCodec : struct, IWeightCodec
    where TLanes : struct, ILanes<TLanes>
    where TPart : struct, ILanePart<TPart>
{
    private const int RowStepFloats = PanelSizes.TileRows * PanelSizes.Lanes;
    private const int InputStepFloats = PanelSizes.TileInputs * PanelSizes.Lanes;

    /// <summary>The whole product. Lengths are the caller's word.</summary>
    [SkipLocalsInit]
    public static void Multiply<TRows>(TRows rows, ref readonly float x, ref float y, PanelShape shape)
        where TRows : IRowSource, allows ref struct
    {
        Span<float> floats = stackalloc float[PanelScratch.FloatsOf(shape)];
        int inputs = PanelSizes.InputsOf(shape);
        PanelScratch scratch = new(floats, PanelSizes.ColumnsOf(shape.Columns), inputs);
        for (int input = 0; input < shape.Batch; input += inputs)
        {
            for (int row = 0; row < shape.RowCount; row += PanelSizes.Rows)
            {
                Block block = new(
                    row, Math.Min(PanelSizes.Rows, shape.RowCount - row), input, Math.Min(inputs, shape.Batch - input));
                MultiplyBlock(rows, in x, scratch, shape, block);
                Put(in scratch.Results, ref y, shape, block);
            }
        }
    }

    private static void MultiplyBlock<TRows>(TRows rows, ref readonly float x, PanelScratch scratch, PanelShape shape, Block block)
        where TRows : IRowSource, allows ref struct
    {
        for (int column = 0; column == 0 || column < shape.Columns; column += PanelSizes.Columns)
        {
            Columns columns = new(column, Math.Min(PanelSizes.Columns, shape.Columns - column), shape.Columns);
            if (block.Row == 0 || !columns.AreAll)
                PackInputs(in x, ref scratch.Inputs, columns, block);

            for (int row = 0; row < block.RowCount; row += PanelSizes.PanelRows)
            {
                int count = Math.Min(PanelSizes.PanelRows, block.RowCount - row);
                PackRows(rows, ref scratch.Weights, columns, block.Row + row, count, shape.RowCount - 1);
                MultiplyPanel(scratch, columns, block, row, count);
            }
        }
    }

    /// <summary>The tiles of a panel of weights: with each x that is loaded, all its rows.</summary>
    private static void MultiplyPanel(PanelScratch scratch, Columns columns, Block block, int row, int rowCount)
    {
        int steps = columns.Steps;
        int tile = row / PanelSizes.TileRows * (PanelSizes.RoundUp(block.InputCount, PanelSizes.TileInputs) / PanelSizes.TileInputs);
        for (int input = 0; input < block.InputCount; input += PanelSizes.TileInputs)
        {
            ref float x = ref Unsafe.Add(ref scratch.Inputs, input * steps * PanelSizes.Lanes);
            for (int r = 0; r < rowCount; r += PanelSizes.TileRows)
            {
                ref float sums = ref Unsafe.Add(ref scratch.Sums, columns.AreAll ? 0 : tile++ * PanelSizes.TileSums);
                ref float from = ref columns.Begin == 0 ? ref scratch.Zeros : ref sums;
                ref float weights = ref Unsafe.Add(ref scratch.Weights, r * steps * PanelSizes.Lanes);
                PanelTile<TPart>.Add(in weights, in x, in from, ref sums, steps);
                if (columns.AreLast)
                    Fold(in sums, ref Unsafe.Add(ref scratch.Results, (input * PanelSizes.Rows) + row + r));
            }
        }
    }

    private static void Fold(ref readonly float sums, ref float results)
    {
        for (int i = 0; i < PanelSizes.TileInputs; i++)
        {
            ref readonly float lanes = ref Unsafe.Add(ref Unsafe.AsRef(in sums), i * PanelSizes.Lanes);
            LaneFold.Four(in lanes, InputStepFloats).StoreUnsafe(ref Unsafe.Add(ref results, i * PanelSizes.Rows));
        }
    }

    /// <summary>Results go out in whole blocks: a few at a time they would be written to a cache line again and again.</summary>
    private static void Put(ref readonly float results, ref float y, PanelShape shape, Block block)
    {
        ref float to = ref Unsafe.Add(ref y, ((nint)block.Row * shape.RowStride) + ((nint)block.Input * shape.InputStride));
        for (int i = 0; i < block.InputCount; i++)
        {
            ref float from = ref Unsafe.Add(ref Unsafe.AsRef(in results), i * PanelSizes.Rows);
            ref float row = ref Unsafe.Add(ref to, (nint)i * shape.InputStride);
            if (shape.RowStride == 1)
            {
                MemoryMarshal.CreateSpan(ref from, block.RowCount).CopyTo(MemoryMarshal.CreateSpan(ref row, block.RowCount));
                continue;
            }

            for (int r = 0; r < block.RowCount; r++)
                Unsafe.Add(ref row, (nint)r * shape.RowStride) = Unsafe.Add(ref from, r);
        }
    }

    private static void PackInputs(ref readonly float x, ref float panel, Columns columns, Block block)
    {
        int inputs = PanelSizes.RoundUp(block.InputCount, PanelSizes.TileInputs);
        for (int i = 0; i < inputs; i++)
        {
            int tile = i / PanelSizes.TileInputs, at = i % PanelSizes.TileInputs;
            ref float to = ref Unsafe.Add(ref panel, (tile * columns.Steps * InputStepFloats) + (at * PanelSizes.Lanes));
            if (i < block.InputCount)
            {
                ref float row = ref Unsafe.Add(ref Unsafe.AsRef(in x), ((nint)(block.Input + i) * columns.Stride) + columns.Begin);
                ref float upcoming = ref Unsafe.Add(ref row, columns.Stride);
                PanelPacking<TLanes>.Row<F32Codec>(
                    ref Unsafe.As<float, byte>(ref row), in Unsafe.As<float, byte>(ref upcoming), ref to, columns.Count, InputStepFloats);
            }
            else
            {
                PanelPacking<TLanes>.Nothing(ref to, columns.Steps, InputStepFloats);
            }
        }
    }

    private static void PackRows<TRows>(TRows rows, ref float panel, Columns columns, int first, int count, int last)
        where TRows : IRowSource, allows ref struct
    {
        for (int r = 0; r < PanelSizes.RoundUp(count, PanelSizes.TileRows); r++)
        {
            int tile = r / PanelSizes.TileRows, at = r % PanelSizes.TileRows;
            ref float to = ref Unsafe.Add(ref panel, (tile * columns.Steps * RowStepFloats) + (at * PanelSizes.Lanes));
            if (r < count)
            {
                nint offset = (nint)columns.Begin * TCodec.WeightBytes;
                ref byte row = ref Unsafe.Add(ref Unsafe.AsRef(in rows.Row(first + r)), offset);
                ref byte upcoming = ref Unsafe.Add(ref Unsafe.AsRef(in rows.Row(Math.Min(first + r + PanelSizes.PanelRows, last))), offset);
                PanelPacking<TLanes>.Row<TCodec>(ref row, in upcoming, ref to, columns.Count, RowStepFloats);
            }
            else
            {
                PanelPacking<TLanes>.Nothing(ref to, columns.Steps, RowStepFloats);
            }
        }
    }

    /// <summary>Rows of weights and of x that are multiplied with each other.</summary>
    private readonly record struct Block(int Row, int RowCount, int Input, int InputCount);

    /// <summary>A block of columns; Stride is how many there are.</summary>
    private readonly record struct Columns(int Begin, int Count, int Stride)
    {
        public int Steps => (Count + PanelSizes.Lanes - 1) / PanelSizes.Lanes;

        public bool AreAll => Count == Stride;

        public bool AreLast => Begin + Count == Stride;
    }
}
