using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>A product with many rows of x.</summary>
/// <param name="RowCount">Rows of weights.</param>
/// <param name="Columns">Columns of both.</param>
/// <param name="Batch">Rows of x.</param>
/// <param name="InputStride">Floats from one row of x to the next.</param>
internal readonly record struct PanelShape(int RowCount, int Columns, int Batch, int InputStride);

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
    public static void Multiply<TRows, TResults>(TRows rows, ref readonly float x, TResults results, PanelShape shape)
        where TRows : IRowSource, allows ref struct
        where TResults : IPanelResults, allows ref struct
    {
        Span<float> floats = stackalloc float[PanelScratch.FloatsOf(shape)];
        int inputs = PanelSizes.InputsOf(shape);
        PanelScratch scratch = new(floats, PanelSizes.ColumnsOf(shape.Columns), inputs);
        for (int input = 0; input < shape.Batch; input += inputs)
        {
            for (int row = 0; row < shape.RowCount; row += PanelSizes.Rows)
            {
                PanelBlock block = new(
                    row, Math.Min(PanelSizes.Rows, shape.RowCount - row), input, Math.Min(inputs, shape.Batch - input));
                MultiplyBlock(rows, in x, scratch, shape, block);
                results.Take(in scratch.Results, block);
            }
        }
    }

    private static void MultiplyBlock<TRows>(TRows rows, ref readonly float x, PanelScratch scratch, PanelShape shape, PanelBlock block)
        where TRows : IRowSource, allows ref struct
    {
        for (int column = 0; column == 0 || column < shape.Columns; column += PanelSizes.Columns)
        {
            Columns columns = new(column, Math.Min(PanelSizes.Columns, shape.Columns - column), shape.Columns);
            if (block.Row == 0 || !columns.AreAll)
                PackInputs(in x, shape.InputStride, ref scratch.Inputs, columns, block);

            for (int row = 0; row < block.RowCount; row += PanelSizes.PanelRows)
            {
                int count = Math.Min(PanelSizes.PanelRows, block.RowCount - row);
                PackRows(rows, ref scratch.Weights, columns, block.Row + row, count, shape.RowCount - 1);
                MultiplyPanel(scratch, columns, block, row, count);
            }
        }
    }

    /// <summary>The tiles of a panel of weights: with each x that is loaded, all its rows.</summary>
    private static void MultiplyPanel(PanelScratch scratch, Columns columns, PanelBlock block, int row, int rowCount)
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

    private static void PackInputs(ref readonly float x, int stride, ref float panel, Columns columns, PanelBlock block)
    {
        int inputs = PanelSizes.RoundUp(block.InputCount, PanelSizes.TileInputs);
        for (int i = 0; i < inputs; i++)
        {
            int tile = i / PanelSizes.TileInputs, at = i % PanelSizes.TileInputs;
            ref float to = ref Unsafe.Add(ref panel, (tile * columns.Steps * InputStepFloats) + (at * PanelSizes.Lanes));
            if (i < block.InputCount)
            {
                ref float row = ref Unsafe.Add(ref Unsafe.AsRef(in x), ((nint)(block.Input + i) * stride) + columns.Begin);
                ref float upcoming = ref Unsafe.Add(ref row, stride);
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

    /// <summary>A block of all the columns.</summary>
    private readonly record struct Columns(int Begin, int Count, int All)
    {
        public int Steps => (Count + PanelSizes.Lanes - 1) / PanelSizes.Lanes;

        public bool AreAll => Count == All;

        public bool AreLast => Begin + Count == All;
    }
}
