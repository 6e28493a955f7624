using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>Rows of weights and of x whose products are computed together.</summary>
internal readonly record struct PanelBlock(int Row, int RowCount, int Input, int InputCount);

/// <summary>
/// Takes a product's results in whole blocks: a few at a time they would be written to the same cache lines again and again.
/// </summary>
internal interface IPanelResults
{
    /// <summary>
    /// Row r of the block times its x number i is results[i * <see cref="PanelSizes.Rows"/> + r], for each r and i. The block is not
    /// given again.
    /// </summary>
    public void Take(ref readonly float results, PanelBlock block);
}

/// <summary>y[b * stride + r] = row r times x[b].</summary>
internal readonly ref struct ResultsByInput(ref float y, int stride) : IPanelResults
{
    private readonly ref float _y = ref y;

    public void Take(ref readonly float results, PanelBlock block)
    {
        for (int i = 0; i < block.InputCount; i++)
        {
            ref readonly float from = ref Unsafe.Add(ref Unsafe.AsRef(in results), i * PanelSizes.Rows);
            ref float to = ref Unsafe.Add(ref _y, ((nint)(block.Input + i) * stride) + block.Row);
            MemoryMarshal.CreateReadOnlySpan(in from, block.RowCount).CopyTo(MemoryMarshal.CreateSpan(ref to, block.RowCount));
        }
    }
}

/// <summary>y[r * stride + b] = row r times x[b].</summary>
internal readonly ref struct ResultsByRow(ref float y, int stride) : IPanelResults
{
    private readonly ref float _y = ref y;

    public void Take(ref readonly float results, PanelBlock block)
    {
        for (int r = 0; r < block.RowCount; r++)
        {
            ref float from = ref Unsafe.Add(ref Unsafe.AsRef(in results), r);
            ref float to = ref Unsafe.Add(ref _y, ((nint)(block.Row + r) * stride) + block.Input);
            for (int i = 0; i < block.InputCount; i++)
                Unsafe.Add(ref to, i) = Unsafe.Add(ref from, i * PanelSizes.Rows);
        }
    }
}
