using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>
/// Grouped-query attention (Ainslie et al. 2023) of one query position over an f16 key/value cache. A call gets the keys and values of
/// one key/value head. Heads do not depend on each other, so workers split (query position, head) pairs in any way. The bits do not
/// depend on how positions lie in blocks: the softmax is over all of them, and values are added in ascending order of position.
/// </summary>
public static class Attention
{
    /// <summary>
    /// For every head a: scores[a, p] = softmax over p in [Begin, End) of q[a] . keys[p] / sqrt(HeadDim);
    /// y[a] = sum over p, ascending, of scores[a, p] * values[p].
    /// </summary>
    /// <param name="q">[Heads, HeadDim].</param>
    /// <param name="kv">Keys and values of the positions up to End.</param>
    /// <param name="shape">The sizes; at least one position.</param>
    /// <param name="scores">Scratch, at least Heads * Positions.</param>
    /// <param name="y">[Heads, HeadDim].</param>
    public static void Attend(ReadOnlySpan<float> q, KvHead kv, AttentionShape shape, Span<float> scores, Span<float> y)
    {
        Validate(q, kv, shape, scores, y);
        int positions = shape.Positions, headDim = shape.HeadDim;
        scores = scores[..(shape.Heads * positions)];
        WeightKernels kernels = WeightKernels.For(WeightFormat.F16);
        for (int done = 0; done < positions;)
        {
            KvRun run = kv.RunAt(shape.Begin + done, shape.End);
            kernels.MatMul(
                MemoryMarshal.AsBytes(run.Of(kv.Keys, headDim)), q, [], scores,
                new MatMulShape(run.Count, headDim, shape.Heads, OutputOffset: done, OutputStride: positions));
            done += run.Count;
        }

        TensorPrimitives.Multiply(scores, 1f / MathF.Sqrt(headDim), scores);
        for (int a = 0; a < shape.Heads; a++)
        {
            Span<float> weights = scores.Slice(a * positions, positions);
            Softmax.Apply(weights, weights);
        }

        y.Clear();
        for (int done = 0; done < positions;)
        {
            KvRun run = kv.RunAt(shape.Begin + done, shape.End);
            for (int a = 0; a < shape.Heads; a++)
            {
                ReadOnlySpan<float> weights = scores.Slice((a * positions) + done, run.Count);
                Mix(weights, run.Of(kv.Values, headDim), y.Slice(a * headDim, headDim));
            }

            done += run.Count;
        }
    }

    /// <summary>
    /// Rounds a key or value row (or several) to binary16, to nearest, ties to even; what is larger than 65504 in magnitude becomes
    /// +-65504, because the cache must stay finite.
    /// </summary>
    [SkipLocalsInit]
    public static void Store(ReadOnlySpan<float> x, Span<Half> destination)
    {
        const int ChunkFloats = 256;
        Require.Length(destination.Length, x.Length, nameof(destination));
        Span<float> clamped = stackalloc float[ChunkFloats];
        for (int i = 0; i < x.Length; i += ChunkFloats)
        {
            int count = Math.Min(ChunkFloats, x.Length - i);
            TensorPrimitives.Clamp(x.Slice(i, count), -HalfBits.MaxValue, HalfBits.MaxValue, clamped[..count]);
            TensorPrimitives.ConvertToHalf(clamped[..count], destination.Slice(i, count));
        }
    }

    internal static void Reference(ReadOnlySpan<float> q, KvHead kv, AttentionShape shape, Span<float> y)
    {
        float[] weights = new float[shape.Positions];
        for (int a = 0; a < shape.Heads; a++)
        {
            ReadOnlySpan<float> head = q.Slice(a * shape.HeadDim, shape.HeadDim);
            for (int p = 0; p < weights.Length; p++)
            {
                double dot = 0;
                for (int i = 0; i < shape.HeadDim; i++)
                    dot += (double)head[i] * (double)kv.Keys[(kv.RowOf(shape.Begin + p) * shape.HeadDim) + i];

                weights[p] = (float)(dot / Math.Sqrt(shape.HeadDim));
            }

            Softmax.Reference(weights, weights);
            for (int i = 0; i < shape.HeadDim; i++)
            {
                double sum = 0;
                for (int p = 0; p < weights.Length; p++)
                    sum += weights[p] * (double)kv.Values[(kv.RowOf(shape.Begin + p) * shape.HeadDim) + i];

                y[(a * shape.HeadDim) + i] = (float)sum;
            }
        }
    }

    /// <summary>y[i] += weights[p] * values[p, i], for each p in ascending order, each step one fused multiply-add.</summary>
    internal static void Mix<TLanes>(ReadOnlySpan<float> weights, ReadOnlySpan<Half> values, Span<float> y)
        where TLanes : struct, ILanes<TLanes>
    {
        const int Lanes = ILanes<TLanes>.Count;
        ref short source = ref Unsafe.As<Half, short>(ref MemoryMarshal.GetReference(values));
        ref float to = ref MemoryMarshal.GetReference(y);
        int i = 0;
        for (; i <= y.Length - (4 * Lanes); i += 4 * Lanes)
            MixFour<TLanes>(weights, ref Unsafe.Add(ref source, i), y.Length, ref Unsafe.Add(ref to, i));

        for (; i <= y.Length - Lanes; i += Lanes)
        {
            TLanes sum = TLanes.Load(in Unsafe.Add(ref to, i));
            for (int p = 0; p < weights.Length; p++)
            {
                TLanes value = TLanes.LoadF16(in Unsafe.Add(ref source, ((nint)p * y.Length) + i));
                sum = TLanes.FusedMultiplyAdd(TLanes.Broadcast(weights[p]), value, sum);
            }

            TLanes.Store(sum, ref Unsafe.Add(ref to, i));
        }

        for (; i < y.Length; i++)
        {
            float sum = y[i];
            for (int p = 0; p < weights.Length; p++)
                sum = MathF.FusedMultiplyAdd(weights[p], HalfBits.Widen(Unsafe.Add(ref source, ((nint)p * y.Length) + i)), sum);

            y[i] = sum;
        }
    }

    private static void Mix(ReadOnlySpan<float> weights, ReadOnlySpan<Half> values, Span<float> y)
    {
        if (Vector512.IsHardwareAccelerated)
            Mix<Lanes512>(weights, values, y);
        else if (Vector256.IsHardwareAccelerated)
            Mix<Lanes256>(weights, values, y);
        else
            Mix<Lanes128>(weights, values, y);
    }

    private static void MixFour<TLanes>(ReadOnlySpan<float> weights, ref short values, int stride, ref float y)
        where TLanes : struct, ILanes<TLanes>
    {
        const int Lanes = ILanes<TLanes>.Count;
        TLanes s0 = TLanes.Load(in y);
        TLanes s1 = TLanes.Load(in Unsafe.Add(ref y, Lanes));
        TLanes s2 = TLanes.Load(in Unsafe.Add(ref y, 2 * Lanes));
        TLanes s3 = TLanes.Load(in Unsafe.Add(ref y, 3 * Lanes));
        for (int p = 0; p < weights.Length; p++)
        {
            ref short at = ref Unsafe.Add(ref values, (nint)p * stride);
            TLanes weight = TLanes.Broadcast(weights[p]);
            s0 = TLanes.FusedMultiplyAdd(weight, TLanes.LoadF16(in at), s0);
            s1 = TLanes.FusedMultiplyAdd(weight, TLanes.LoadF16(in Unsafe.Add(ref at, Lanes)), s1);
            s2 = TLanes.FusedMultiplyAdd(weight, TLanes.LoadF16(in Unsafe.Add(ref at, 2 * Lanes)), s2);
            s3 = TLanes.FusedMultiplyAdd(weight, TLanes.LoadF16(in Unsafe.Add(ref at, 3 * Lanes)), s3);
        }

        TLanes.Store(s0, ref y);
        TLanes.Store(s1, ref Unsafe.Add(ref y, Lanes));
        TLanes.Store(s2, ref Unsafe.Add(ref y, 2 * Lanes));
        TLanes.Store(s3, ref Unsafe.Add(ref y, 3 * Lanes));
    }

    private static void Validate(ReadOnlySpan<float> q, KvHead kv, AttentionShape shape, Span<float> scores, Span<float> y)
    {
        Require.AtLeast(shape.HeadDim, 1, nameof(shape));
        Require.NotNegative(shape.Heads, nameof(shape));
        Require.NotNegative(shape.Begin, nameof(shape));
        Require.AtLeast(shape.Positions, 1, nameof(shape));
        Require.Length(q.Length, (long)shape.Heads * shape.HeadDim, nameof(q));
        Require.AtLeast(scores.Length, (long)shape.Heads * shape.Positions, nameof(scores));
        Require.Length(y.Length, (long)shape.Heads * shape.HeadDim, nameof(y));
        kv.Validate(shape.Begin, shape.End, shape.HeadDim);
    }
}

/// <summary>What one call of <see cref="Attention.Attend"/> covers.</summary>
/// <param name="HeadDim">Elements of a head.</param>
/// <param name="Heads">Query heads that share the key/value head: 1 up to the model's group size.</param>
/// <param name="Begin">The first position attended to (above 0 for a sliding window).</param>
/// <param name="End">One past the last: the query's own position + 1.</param>
public readonly record struct AttentionShape(int HeadDim, int Heads, int Begin, int End)
{
    /// <summary>Positions attended to.</summary>
    public int Positions => End - Begin;
}
