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
}
