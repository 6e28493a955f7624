using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <content>
/// What the FFN asks of many bundles and many rows of x. Here it is done one bundle after the other; a format may have something faster
/// that gives the same bits.
/// </content>
public abstract partial class WeightKernels
{
    // Rows of x whose results are taken together.
    private const int InputsMax = 64;

    /// <summary>Every part times every row of x [batch, columns], as <see cref="MatMul"/> has it.</summary>
    [SkipLocalsInit]
    internal virtual void MatMulParts<TResults>(BundleParts parts, ProductInput x, int columns, int batch, TResults results)
        where TResults : IPanelResults, allows ref struct
    {
        Span<float> sums = stackalloc float[InputsMax], block = stackalloc float[InputsMax * PanelSizes.Rows];
        for (int r = 0; r < parts.Count; r++)
        {
            for (int begin = 0; begin < batch; begin += InputsMax)
            {
                int count = Math.Min(InputsMax, batch - begin);
                MatMul(parts[r], x.Rows(begin, count, columns), [], sums[..count], MatMulShape.Whole(1, columns, count));
                for (int i = 0; i < count; i++)
                    block[i * PanelSizes.Rows] = sums[i];
                results.Take(in MemoryMarshal.GetReference(block), new PanelBlock(r, 1, begin, count));
            }
        }
    }

    /// <summary>y[i] = row times x[chosen[i]], x being [.., columns]; the bits of <see cref="Dot"/>.</summary>
    internal virtual void DotChosen(ReadOnlySpan<byte> row, ProductInput x, int columns, ReadOnlySpan<int> chosen, Span<float> y)
    {
        for (int i = 0; i < chosen.Length; i++)
            y[i] = Dot(row, x.Rows(chosen[i], 1, columns));
    }

    /// <summary><see cref="AddScaled"/> of each part in turn to the rows b of y [batch, range.Columns] whose h[part, b] is not 0.</summary>
    internal virtual void AddScaledParts(BundleParts parts, ReadOnlySpan<float> h, int batch, Span<float> y, ColumnRange range)
    {
        for (int n = 0; n < parts.Count; n++)
        {
            for (int b = 0; b < batch; b++)
            {
                float scale = h[(n * batch) + b];
                if (scale != 0f)
                    AddScaled(scale, parts[n], range, y.Slice((b * range.Columns) + range.Begin, range.Count));
            }
        }
    }
}
