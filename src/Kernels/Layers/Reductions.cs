using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>
/// Sums of float32 in the canonical order of <see cref="ILanes{TSelf}"/>. TensorPrimitives' sums are not used: their order follows the
/// alignment of the memory, which the garbage collector chooses, so the same call can give other bits in another run.
/// </summary>
internal static class Reductions
{
    /// <summary>sum over i of x[i].</summary>
    public static float Sum(ReadOnlySpan<float> x)
        => Vector512.IsHardwareAccelerated ? Sum<Lanes512>(x)
            : Vector256.IsHardwareAccelerated ? Sum<Lanes256>(x)
            : Sum<Lanes128>(x);

    /// <summary>sum over i of x[i]^2.</summary>
    public static float SumOfSquares(ReadOnlySpan<float> x) => WeightKernels.For(WeightFormat.F32).Dot(MemoryMarshal.AsBytes(x), x);

    internal static float Sum<TLanes>(ReadOnlySpan<float> x)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float source = ref MemoryMarshal.GetReference(x);
        TLanes sum = TLanes.Zero;
        int i = 0;
        for (; i <= x.Length - ILanes<TLanes>.Count; i += ILanes<TLanes>.Count)
            sum = TLanes.Add(sum, TLanes.Load(in Unsafe.Add(ref source, i)));

        if (i < x.Length)
        {
            Span<float> tail = stackalloc float[ILanes<TLanes>.Count];
            tail.Clear();
            x[i..].CopyTo(tail);
            sum = TLanes.Add(sum, TLanes.Load(in tail[0]));
        }

        return TLanes.Sum(sum);
    }
}
