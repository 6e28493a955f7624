using System.Runtime.CompilerServices;

namespace Neuralink.Kernels;

/// <summary>Four rows of weights that lie anywhere, each of the same length.</summary>
internal readonly ref struct RowFour
{
    public readonly ref readonly byte Row0;
    public readonly ref readonly byte Row1;
    public readonly ref readonly byte Row2;
    public readonly ref readonly byte Row3;

    public RowFour(ref readonly byte row0, ref readonly byte row1, ref readonly byte row2, ref readonly byte row3)
    {
        Row0 = ref row0;
        Row1 = ref row1;
        Row2 = ref row2;
        Row3 = ref row3;
    }

    /// <summary>The same rows from <paramref name="offset"/> bytes on.</summary>
    public RowFour At(nint offset) => new(
        in Unsafe.Add(ref Unsafe.AsRef(in Row0), offset), in Unsafe.Add(ref Unsafe.AsRef(in Row1), offset),
        in Unsafe.Add(ref Unsafe.AsRef(in Row2), offset), in Unsafe.Add(ref Unsafe.AsRef(in Row3), offset));
}
