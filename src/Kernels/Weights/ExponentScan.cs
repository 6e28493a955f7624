using System.Numerics;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>Looks for infinities and NaNs: in every IEEE format they are the values whose exponent bits are all ones.</summary>
internal static class ExponentScan
{
    /// <summary>Whether any value has all bits of <paramref name="mask"/> set.</summary>
    public static bool AnyHasAllBits<T>(ReadOnlySpan<T> values, T mask)
        where T : unmanaged, IBinaryInteger<T>
    {
        var masks = new Vector<T>(mask);
        ReadOnlySpan<Vector<T>> vectors = MemoryMarshal.Cast<T, Vector<T>>(values);
        foreach (Vector<T> vector in vectors)
        {
            if (Vector.EqualsAny(vector & masks, masks))
                return true;
        }

        foreach (T value in values[(vectors.Length * Vector<T>.Count)..])
        {
            if ((value & mask) == mask)
                return true;
        }

        return false;
    }
}
