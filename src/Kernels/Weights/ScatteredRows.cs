using System.Runtime.CompilerServices;

namespace Neuralink.Kernels;

/// <summary>
/// Rows of weights that lie anywhere in one region, each of the same length. Some of them are read side by side: a processor prefetches
/// each stream by itself, a few lines ahead, and begins anew with every row. So one row at a time leaves most of the memory's bandwidth
/// unused, however early software asks for the next one, because what it may ask for at a time is little too.
/// </summary>
internal readonly ref struct ScatteredRows
{
    /// <summary>Rows that are read side by side, where registers do not say fewer.</summary>
    public const int Together = 8;

    private readonly ref readonly byte _origin;
    private readonly ReadOnlySpan<nint> _offsets;

    /// <param name="origin">Of the region.</param>
    /// <param name="offsets">Bytes from there to each row. That the rows are there is the caller's word.</param>
    public ScatteredRows(ref readonly byte origin, ReadOnlySpan<nint> offsets)
    {
        _origin = ref origin;
        _offsets = offsets;
    }

    /// <summary>How many there are.</summary>
    public int Count => _offsets.Length;

    /// <summary>Where they are counted from.</summary>
    public ref readonly byte Origin => ref _origin;

    /// <summary>Bytes from there to each.</summary>
    public ReadOnlySpan<nint> Offsets => _offsets;

    /// <summary>The first byte of a row.</summary>
    public ref readonly byte this[int index] => ref Unsafe.AddByteOffset(ref Unsafe.AsRef(in _origin), _offsets[index]);

    /// <summary>
    /// What is asked for while row <paramref name="index"/> is read: the row that is read <paramref name="ahead"/> later, or
    /// at the end itself.
    /// </summary>
    public ref readonly byte Upcoming(int index, int ahead) =>
        ref Unsafe.AddByteOffset(ref Unsafe.AsRef(in _origin), UpcomingOffset(index, ahead));

    /// <inheritdoc cref="Upcoming"/>
    public nint UpcomingOffset(int index, int ahead) => _offsets[index + ahead < Count ? index + ahead : index];

    /// <summary>Four from <paramref name="index"/> on.</summary>
    public RowFour Four(int index) => new(in this[index], in this[index + 1], in this[index + 2], in this[index + 3]);

    /// <summary>What is asked for while these four are read.</summary>
    public RowFour UpcomingFour(int index) => new(
        in Upcoming(index, 4), in Upcoming(index + 1, 4), in Upcoming(index + 2, 4), in Upcoming(index + 3, 4));
}
