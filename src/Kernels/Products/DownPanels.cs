using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>
/// y[b, c] += sum over n of h[n, b] * w[n, c] for many rows b, of those h that are not 0: in ascending order of n, each step one fused
/// multiply-add, so with the bits of <see cref="WeightKernels.AddScaled"/> row after row.
/// <para>
/// For some rows of weights at a time it is noted which of them each b wants. Then these weights' columns are decoded, a panel in the
/// first-level cache, and what a b wants of them is added while its y is in registers.
/// </para>
/// </summary>
internal static class DownPanels<TCodec, TLanes>
    where TCodec : struct, IWeightCodec
    where TLanes : struct, ILanes<TLanes>
{
    private const int PanelRows = ValuePanel.Rows, PanelColumns = ValuePanel.Columns;

    // Rows of y for which wants are noted: 160 KiB of them.
    private const int BatchMax = 512;

    /// <summary>Adds to columns of y [batch, range.Columns].</summary>
    /// <param name="parts">The rows of weights, whole ones.</param>
    /// <param name="h">[parts.Count, batch].</param>
    /// <param name="batch">Rows of y.</param>
    /// <param name="y">Its first row.</param>
    /// <param name="range">The columns.</param>
    [SkipLocalsInit]
    public static void Add(BundleParts parts, ReadOnlySpan<float> h, int batch, ref float y, ColumnRange range)
    {
        int stride = range.Columns;
        int rows = Math.Min(batch, BatchMax);
        Span<float> panel = stackalloc float[PanelRows * PanelColumns];
        Span<float> scales = stackalloc float[rows * PanelRows];
        Span<byte> wanted = stackalloc byte[rows * PanelRows];
        Span<int> counts = stackalloc int[rows];
        for (int b = 0; b < batch; b += rows)
        {
            Wants wants = new(scales, wanted, counts[..Math.Min(rows, batch - b)]);
            for (int n = 0; n < parts.Count; n += PanelRows)
            {
                int neurons = Math.Min(PanelRows, parts.Count - n);
                wants.Note(h[(n * batch)..], batch, b, neurons);
                for (int c = range.Begin; c < range.End; c += PanelColumns)
                {
                    int columns = Math.Min(PanelColumns, range.End - c);
                    ValuePanel.Decode<TCodec, TLanes, BundleParts>(parts, n, neurons, c, columns, panel);
                    AddPanel(wants, panel, ref Unsafe.Add(ref y, ((nint)b * stride) + c), stride, columns);
                }
            }
        }
    }

    private static void AddPanel(Wants wants, ReadOnlySpan<float> panel, ref float y, int stride, int columns)
    {
        for (int b = 0; b < wants.Counts.Length; b++)
        {
            int count = wants.Counts[b];
            if (count > 0)
            {
                ValuePanel.AddChosen<TLanes>(
                    wants.Scales.Slice(b * PanelRows, count), wants.Rows.Slice(b * PanelRows, count), panel,
                    MemoryMarshal.CreateSpan(ref Unsafe.Add(ref y, (nint)b * stride), columns));
            }
        }
    }

    /// <summary>Which rows of a panel each b wants, ascending, and by how much: [b, 64] of both, the first counts[b] of them.</summary>
    private readonly ref struct Wants(Span<float> scales, Span<byte> rows, Span<int> counts)
    {
        public readonly Span<float> Scales = scales;
        public readonly Span<byte> Rows = rows;
        public readonly Span<int> Counts = counts;

        /// <summary>Notes <paramref name="neurons"/> rows of h [neurons, batch], from column <paramref name="begin"/> on.</summary>
        public void Note(ReadOnlySpan<float> h, int batch, int begin, int neurons)
        {
            Counts.Clear();
            for (int n = 0; n < neurons; n++)
            {
                ReadOnlySpan<float> values = h.Slice((n * batch) + begin, Counts.Length);
                int b = 0;
                for (; b <= values.Length - Vector256<float>.Count; b += Vector256<float>.Count)
                {
                    Vector256<float> zeros = Vector256.Equals(Vector256.Create(values[b..]), Vector256<float>.Zero);
                    for (uint active = ~zeros.ExtractMostSignificantBits() & 0xFF; active != 0; active &= active - 1)
                        Note(n, b + BitOperations.TrailingZeroCount(active), values);
                }

                for (; b < values.Length; b++)
                {
                    if (values[b] != 0f)
                        Note(n, b, values);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Note(int neuron, int b, ReadOnlySpan<float> values)
        {
            int at = (b * PanelRows) + Counts[b]++;
            Scales[at] = values[b];
            Rows[at] = (byte)neuron;
        }
    }
}
