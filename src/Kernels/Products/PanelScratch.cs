using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>What one product over panels keeps while it runs, on its caller's stack: up to 0.4 MiB.</summary>
internal readonly ref struct PanelScratch
{
    private const int LineFloats = 16;

    /// <summary>Decoded weights, [tiles of rows][steps, 4, 16].</summary>
    public readonly ref float Weights;

    /// <summary>A block's x, [tiles of x][steps, 3, 16].</summary>
    public readonly ref float Inputs;

    /// <summary>Where a tile's sums begin: [4, 3, 16] zeros.</summary>
    public readonly ref float Zeros;

    /// <summary>A block's results, [inputs, <see cref="PanelSizes.Rows"/>].</summary>
    public readonly ref float Results;

    /// <summary>Sums that wait for the next block of columns, [tiles][4, 3, 16]; those of one tile where there is no next block.</summary>
    public readonly ref float Sums;

    /// <param name="floats">At least <see cref="FloatsOf"/>.</param>
    /// <param name="columns">Columns of a block.</param>
    /// <param name="inputs">Rows of x of a block.</param>
    public PanelScratch(Span<float> floats, int columns, int inputs)
    {
        Weights = ref FirstLine(floats);
        Inputs = ref Unsafe.Add(ref Weights, PanelSizes.PanelRows * columns);
        Zeros = ref Unsafe.Add(ref Inputs, inputs * columns);
        Results = ref Unsafe.Add(ref Zeros, PanelSizes.TileSums);
        Sums = ref Unsafe.Add(ref Results, inputs * PanelSizes.Rows);
        MemoryMarshal.CreateSpan(ref Zeros, PanelSizes.TileSums).Clear();
    }

    /// <summary>Floats of the scratch of a product.</summary>
    public static int FloatsOf(PanelShape shape)
    {
        int columns = PanelSizes.ColumnsOf(shape.Columns), inputs = PanelSizes.InputsOf(shape);
        int sums = shape.Columns <= PanelSizes.Columns ? PanelSizes.TileSums : PanelSizes.Rows * inputs * PanelSizes.Lanes;
        return ((PanelSizes.PanelRows + inputs) * columns) + PanelSizes.TileSums + (inputs * PanelSizes.Rows) + sums + LineFloats;
    }

    private static unsafe ref float FirstLine(Span<float> floats)
    {
        ref float first = ref MemoryMarshal.GetReference(floats);
        nuint past = ((nuint)Unsafe.AsPointer(ref first) / sizeof(float)) % LineFloats;
        return ref Unsafe.Add(ref first, past == 0 ? 0 : LineFloats - past);
    }
}
