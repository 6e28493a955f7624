using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>
/// Attention of query positions that follow each other in one sequence, for one query head: keys and values are decoded once for all of
/// them. Each row has the bits of <see cref="Attention.Attend"/> alone: its scores are the same sums, its softmax is over its own positions
/// and its values are added in ascending order of position.
/// </summary>
public static class PromptAttention
{
    /// <summary>The fewest rows for which this is faster than one after the other.</summary>
    public const int RowsMin = 4 * PanelSizes.TileInputs;

    /// <summary>The most rows of a call: more would not make it faster, and need more scores.</summary>
    public const int RowsMax = 48;

    /// <summary>y[r] = softmax(q[r] . keys / sqrt(HeadDim)) values, over the positions of row r.</summary>
    /// <param name="q">The queries: row r's HeadDim floats from r * QueryStride on.</param>
    /// <param name="kv">Keys and values of the positions up to the last row's end.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="scores">Scratch, at least Rows * Positions.</param>
    /// <param name="y">Row r's HeadDim floats go to r * OutputStride and on.</param>
    public static void Attend(ReadOnlySpan<float> q, KvHead kv, PromptShape shape, Span<float> scores, Span<float> y)
    {
        Validate(q, kv, shape, scores, y);
        if (Avx512F.IsSupported)
            Attend<Lanes256, LanePart512>(q, kv, shape, scores, y);
        else if (Vector256.IsHardwareAccelerated)
            Attend<Lanes256, LanePart256>(q, kv, shape, scores, y);
        else
            Attend<Lanes128, LanePart128>(q, kv, shape, scores, y);
    }

    internal static void Attend<TLanes, TPart>(
        ReadOnlySpan<float> q, KvHead kv, PromptShape shape, Span<float> scores, Span<float> y)
        where TLanes : struct, ILanes<TLanes>
        where TPart : struct, ILanePart<TPart>
    {
        int positions = shape.Positions;
        PanelProduct<F16Codec, TLanes, TPart>.Multiply(
            new KvRows(kv, kv.Keys, shape.Begin, shape.HeadDim),
            in MemoryMarshal.GetReference(q),
            new ResultsByInput(ref MemoryMarshal.GetReference(scores), positions),
            new PanelShape(positions, shape.HeadDim, shape.Rows, shape.QueryStride));
        TensorPrimitives.Multiply(scores[..(shape.Rows * positions)], 1f / MathF.Sqrt(shape.HeadDim), scores);
        for (int r = 0; r < shape.Rows; r++)
        {
            Span<float> own = scores.Slice((r * positions) + shape.FirstOf(r), shape.EndOf(r) - shape.FirstOf(r));
            Softmax.Apply(own, own);
            y.Slice(r * shape.OutputStride, shape.HeadDim).Clear();
        }

        Mix<TLanes>(new KvRows(kv, kv.Values, shape.Begin, shape.HeadDim), shape, scores, y);
    }

    /// <summary>y[r] += sum over the positions p of row r, ascending, of scores[r, p] * values[p].</summary>
    [SkipLocalsInit]
    private static void Mix<TLanes>(KvRows values, PromptShape shape, ReadOnlySpan<float> scores, Span<float> y)
        where TLanes : struct, ILanes<TLanes>
    {
        Span<float> panel = stackalloc float[ValuePanel.Rows * ValuePanel.Columns];
        for (int p = 0; p < shape.Positions; p += ValuePanel.Rows)
        {
            int count = Math.Min(ValuePanel.Rows, shape.Positions - p);
            for (int c = 0; c < shape.HeadDim; c += ValuePanel.Columns)
            {
                int columns = Math.Min(ValuePanel.Columns, shape.HeadDim - c);
                ValuePanel.Decode<F16Codec, TLanes, KvRows>(values, p, count, c, columns, panel);
                for (int r = 0; r < shape.Rows; r++)
                {
                    int first = Math.Max(shape.FirstOf(r) - p, 0), end = Math.Min(shape.EndOf(r) - p, count);
                    if (first < end)
                    {
                        ValuePanel.AddAll<TLanes>(
                            scores.Slice((r * shape.Positions) + p + first, end - first), panel[(first * ValuePanel.Columns)..],
                            y.Slice((r * shape.OutputStride) + c, columns));
                    }
                }
            }
        }
    }

    private static void Validate(ReadOnlySpan<float> q, KvHead kv, PromptShape shape, Span<float> scores, Span<float> y)
    {
        Require.AtLeast(shape.HeadDim, 1, nameof(shape));
        Require.AtLeast(shape.Rows, 1, nameof(shape));
        Require.AtLeast(shape.FirstPosition, 0, nameof(shape));
        Require.AtLeast(shape.QueryStride, shape.HeadDim, nameof(shape));
        Require.AtLeast(shape.OutputStride, shape.HeadDim, nameof(shape));
        Require.AtLeast(q.Length, ((shape.Rows - 1L) * shape.QueryStride) + shape.HeadDim, nameof(q));
        Require.AtLeast(y.Length, ((shape.Rows - 1L) * shape.OutputStride) + shape.HeadDim, nameof(y));
        Require.AtLeast(scores.Length, (long)shape.Rows * shape.Positions, nameof(scores));
        kv.Validate(shape.Begin, shape.End, shape.HeadDim);
    }

    /// <summary>The keys or values of one head, from a position on.</summary>
    private readonly ref struct KvRows(KvHead head, ReadOnlySpan<Half> all, int begin, int headDim) : IRowSource
    {
        private readonly KvHead _head = head;
        private readonly ReadOnlySpan<Half> _all = all;

        public ref readonly byte Row(int index)
            => ref Unsafe.As<Half, byte>(ref Unsafe.AsRef(in _all[_head.RowOf(begin + index) * headDim]));
    }
}

/// <summary>What one call of <see cref="PromptAttention.Attend"/> covers: row r is at position FirstPosition + r.</summary>
/// <param name="HeadDim">Elements of a head.</param>
/// <param name="Rows">Query positions, at least one.</param>
/// <param name="FirstPosition">The first row's position.</param>
/// <param name="Window">How many positions a row attends to at most, its own included.</param>
/// <param name="QueryStride">Floats from one row's query to the next one's.</param>
/// <param name="OutputStride">Floats from one row's output to the next one's.</param>
public readonly record struct PromptShape(int HeadDim, int Rows, int FirstPosition, int Window, int QueryStride, int OutputStride)
{
    /// <summary>The first position that any row attends to.</summary>
    public int Begin => Math.Max(0, FirstPosition + 1 - Window);

    /// <summary>One past the last.</summary>
    public int End => FirstPosition + Rows;

    /// <summary>Positions from the first to the last.</summary>
    public int Positions => End - Begin;

    /// <summary>The first position of a row, counted from Begin.</summary>
    internal int FirstOf(int row) => Math.Max(0, FirstPosition + row + 1 - Window) - Begin;

    /// <summary>One past its last one.</summary>
    internal int EndOf(int row) => FirstPosition + row + 1 - Begin;
}
