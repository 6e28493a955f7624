using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>Where the rows of weights of a product lie.</summary>
internal interface IRowSource
{
    /// <summary>The first byte of row <paramref name="index"/>. That the row is there is the caller's word.</summary>
    public ref readonly byte Row(int index);
}

/// <summary>Rows that lie one after the other.</summary>
internal readonly ref struct RowsInTurn(ref readonly byte first, int rowBytes) : IRowSource
{
    private readonly ref readonly byte _first = ref first;

    public ref readonly byte Row(int index) => ref Unsafe.Add(ref Unsafe.AsRef(in _first), (nint)index * rowBytes);
}

/// <summary>A part of each of some bundles, a row of weights.</summary>
internal readonly ref struct BundleParts(BundleFrames bundles, int offset, int rowBytes) : IRowSource
{
    private readonly BundleFrames _bundles = bundles;

    public int Count => _bundles.Count;

    /// <summary>Part <paramref name="index"/>, whole.</summary>
    public ReadOnlySpan<byte> this[int index] => _bundles[index].Slice(offset, rowBytes);

    public ref readonly byte Row(int index) => ref MemoryMarshal.GetReference(this[index]);
}
