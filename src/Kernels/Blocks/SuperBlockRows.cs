using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>
/// A row of <see cref="WeightFormat.Q4_K"/>: [q: P / 2 bytes, as Q4_0's][scale: P / 32 bytes][minimum: P / 32 bytes]
/// [d, dmin: two binary16 for each 256]. The scales' and minima's 6 bits are unpacked.
/// </summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q4_KRows : IBlockRowCodec
{
    private const int Parts = 8, ScaleColumns = 32, BlockBytes = 144, LevelsAt = 16, PairBytes = 2 * sizeof(short);

    public static int PaddedTo => GroupOrder.Columns;

    public static BlockTerms Terms => BlockTerms.Minimum;

    public static bool IsSmall => true;

    public static bool IsAbove => false;

    public static int RowBytes(int padded) => checked((padded / 2) + (padded / 16) + (padded / GroupOrder.Columns * PairBytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LevelBytes(int column) => column / 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ScaleBytes(int padded, int group) => (padded / 2) + (group * Parts);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Levels<TBytes>(ref readonly byte row, int padded, int group, int unit)
        where TBytes : struct, IByteLanes<TBytes>
        => NibbleLevels.Load<TBytes>(in row, group, unit);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(ref readonly byte row, int padded, int group)
    {
        ref byte at = ref Unsafe.AsRef(in row);
        float d = HalfScales.Of(in Unsafe.Add(ref at, (padded / 2) + (padded / 16)), group * 2);
        return Vector256.Create(d) * PartScales.Unsigned(in Unsafe.Add(ref at, ScaleBytes(padded, group)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Seconds(ref readonly byte row, int padded, int group)
    {
        ref byte at = ref Unsafe.AsRef(in row);
        float dmin = HalfScales.Of(in Unsafe.Add(ref at, (padded / 2) + (padded / 16)), (group * 2) + 1);
        return Vector256.Create(dmin) * PartScales.Unsigned(in Unsafe.Add(ref at, ScaleBytes(padded, group) + (padded / ScaleColumns)));
    }

    public static void WidenLast(ReadOnlySpan<byte> row, int padded, Span<byte> whole) => row.CopyTo(whole);

    public static void Decode(ReadOnlySpan<byte> row, int padded, int first, Span<float> y)
    {
        int b = first / ScaleColumns;
        ReadOnlySpan<byte> parts = row[(padded / 2)..], halves = row[((padded / 2) + (padded / 16))..];
        ref readonly byte pairs = ref MemoryMarshal.GetReference(halves);
        float scale = HalfScales.Of(in pairs, b / Parts * 2) * parts[b];
        float minimum = HalfScales.Of(in pairs, (b / Parts * 2) + 1) * parts[(padded / 32) + b];
        for (int i = 0; i < y.Length; i++)
            y[i] = (scale * GroupOrder.GetNibble(row, first + i, padded)) - minimum;
    }

    public static void FromGgml(ReadOnlySpan<byte> blocks, Span<byte> row, int padded)
    {
        Span<byte> parts = row[(padded / 2)..], halves = row[((padded / 2) + (padded / 16))..];
        for (int s = 0; s * BlockBytes < blocks.Length; s++)
        {
            ReadOnlySpan<byte> block = blocks.Slice(s * BlockBytes, BlockBytes);
            block[..PairBytes].CopyTo(halves[(s * PairBytes)..]);
            for (int k = 0; k < Parts; k++)
            {
                (int scale, int minimum) = SuperBlocks.ScaleAndMinimum(block.Slice(PairBytes, 12), k);
                parts[(s * Parts) + k] = (byte)scale;
                parts[(padded / 32) + (s * Parts) + k] = (byte)minimum;
                for (int i = 0; i < ScaleColumns; i++)
                {
                    int level = block[LevelsAt + (k / 2 * ScaleColumns) + i] >> (k % 2 * 4) & 15;
                    GroupOrder.SetNibble(row, (s * GroupOrder.Columns) + (k * ScaleColumns) + i, padded, level);
                }
            }
        }
    }

    public static void ToGgml(ReadOnlySpan<byte> row, int padded, Span<byte> blocks)
    {
        ReadOnlySpan<byte> parts = row[(padded / 2)..], halves = row[((padded / 2) + (padded / 16))..];
        blocks.Clear();
        for (int s = 0; s * BlockBytes < blocks.Length; s++)
        {
            Span<byte> block = blocks.Slice(s * BlockBytes, BlockBytes);
            halves.Slice(s * PairBytes, PairBytes).CopyTo(block);
            for (int k = 0; k < Parts; k++)
            {
                SuperBlocks.SetScaleAndMinimum(
                    block.Slice(PairBytes, 12), k, parts[(s * Parts) + k], parts[(padded / 32) + (s * Parts) + k]);
                for (int i = 0; i < ScaleColumns; i++)
                {
                    int level = GroupOrder.GetNibble(row, (s * GroupOrder.Columns) + (k * ScaleColumns) + i, padded);
                    block[LevelsAt + (k / 2 * ScaleColumns) + i] |= (byte)(level << (k % 2 * 4));
                }
            }
        }
    }

    public static bool AllFinite(ReadOnlySpan<byte> row, int padded) => HalfScales.AllFinite(row[((padded / 2) + (padded / 16))..]);
}

/// <summary>
/// A row of <see cref="WeightFormat.Q6_K"/>: [the lower 4 bits of q: P / 2 bytes, as Q4_0's][the upper 2: P / 4 bytes]
/// [scale: P / 16 signed bytes][d: a binary16 for each 256]. Byte i of 64 has the upper bits of a group's places i, 64 + i, 128 + i and
/// 192 + i. Of its scales the first eight are those of its blocks' first halves.
/// </summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q6_KRows : IBlockRowCodec
{
    private const int Centre = 32, BlockBytes = 210, HighAt = 128, ScalesAt = 192, ScaleAt = 208, Parts = 16, ScaleColumns = 16;

    private const int Line = GroupOrder.UnitBytes;

    public static int PaddedTo => GroupOrder.Columns;

    public static BlockTerms Terms => BlockTerms.Halves;

    public static bool IsSmall => false;

    public static bool IsAbove => false;

    public static int RowBytes(int padded) =>
        checked((padded / 2) + (padded / 4) + (padded / ScaleColumns) + (padded / GroupOrder.Columns * sizeof(short)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LevelBytes(int column) => column / 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ScaleBytes(int padded, int group) => ScalesOf(padded) + (group * Parts);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Levels<TBytes>(ref readonly byte row, int padded, int group, int unit)
        where TBytes : struct, IByteLanes<TBytes>
    {
        TBytes high = TBytes.Load(in Unsafe.Add(ref Unsafe.AsRef(in row), (padded / 2) + (group * Line)));
        TBytes upper = unit < 2
            ? TBytes.ShiftLeft(TBytes.Field(high, unit * 2, 3), 4)
            : TBytes.Field(high, (unit * 2) - 4, 0x30);
        return TBytes.SubtractBytes(TBytes.Or(NibbleLevels.Load<TBytes>(in row, group, unit), upper), Centre);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(ref readonly byte row, int padded, int group) =>
        PartsOf(in row, padded, group, at: 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Seconds(ref readonly byte row, int padded, int group) =>
        PartsOf(in row, padded, group, at: GroupOrder.Blocks);

    public static void WidenLast(ReadOnlySpan<byte> row, int padded, Span<byte> whole) => row.CopyTo(whole);

    public static void Decode(ReadOnlySpan<byte> row, int padded, int first, Span<float> y)
    {
        ReadOnlySpan<byte> parts = row[ScalesOf(padded)..];
        float d = HalfScales.Of(in MemoryMarshal.GetReference(parts[(padded / ScaleColumns)..]), first / GroupOrder.Columns);
        for (int i = 0; i < y.Length; i++)
            y[i] = d * (sbyte)parts[PartOf((first + i) / ScaleColumns)] * (Level(row, padded, first + i) - Centre);
    }

    public static void FromGgml(ReadOnlySpan<byte> blocks, Span<byte> row, int padded)
    {
        Span<byte> high = row[(padded / 2)..], parts = row[ScalesOf(padded)..], halves = parts[(padded / ScaleColumns)..];
        for (int s = 0; s * BlockBytes < blocks.Length; s++)
        {
            ReadOnlySpan<byte> block = blocks.Slice(s * BlockBytes, BlockBytes);
            block.Slice(ScaleAt, sizeof(short)).CopyTo(halves[(s * sizeof(short))..]);
            for (int k = 0; k < Parts; k++)
                parts[PartOf((s * Parts) + k)] = block[ScalesAt + k];
            for (int i = 0; i < GroupOrder.Columns; i++)
            {
                (int low, int lowShift, int up, int upShift) = Places(i);
                int level = (block[low] >> lowShift & 15) | (block[up] >> upShift & 3) << 4, place = GroupOrder.ByteOf(i);
                GroupOrder.SetNibble(row, (s * GroupOrder.Columns) + i, padded, level & 15);
                ref byte to = ref high[(s * Line) + (place % Line)];
                to = (byte)((to & ~(3 << (place / Line * 2))) | (level >> 4 << (place / Line * 2)));
            }
        }
    }

    public static void ToGgml(ReadOnlySpan<byte> row, int padded, Span<byte> blocks)
    {
        ReadOnlySpan<byte> parts = row[ScalesOf(padded)..], halves = parts[(padded / ScaleColumns)..];
        blocks.Clear();
        for (int s = 0; s * BlockBytes < blocks.Length; s++)
        {
            Span<byte> block = blocks.Slice(s * BlockBytes, BlockBytes);
            halves.Slice(s * sizeof(short), sizeof(short)).CopyTo(block[ScaleAt..]);
            for (int k = 0; k < Parts; k++)
                block[ScalesAt + k] = parts[PartOf((s * Parts) + k)];
            for (int i = 0; i < GroupOrder.Columns; i++)
            {
                (int low, int lowShift, int up, int upShift) = Places(i);
                int level = Level(row, padded, (s * GroupOrder.Columns) + i);
                block[low] |= (byte)((level & 15) << lowShift);
                block[up] |= (byte)(level >> 4 << upShift);
            }
        }
    }

    public static bool AllFinite(ReadOnlySpan<byte> row, int padded) =>
        HalfScales.AllFinite(row[(ScalesOf(padded) + (padded / ScaleColumns))..]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ScalesOf(int padded) => (padded / 2) + (padded / 4);

    /// <summary>d times eight of a group's scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> PartsOf(ref readonly byte row, int padded, int group, int at)
    {
        ref byte origin = ref Unsafe.AsRef(in row);
        float d = HalfScales.Of(in Unsafe.Add(ref origin, ScalesOf(padded) + (padded / ScaleColumns)), group);
        return Vector256.Create(d) * PartScales.Signed(in Unsafe.Add(ref origin, ScaleBytes(padded, group) + at));
    }

    /// <summary>Where the scale of 16 columns is: even ones, then odd ones.</summary>
    private static int PartOf(int sixteen) => (sixteen / Parts * Parts) + (sixteen % 2 * GroupOrder.Blocks) + (sixteen % Parts / 2);

    private static int Level(ReadOnlySpan<byte> row, int padded, int column)
    {
        int place = GroupOrder.ByteOf(column % GroupOrder.Columns);
        int up = row[(padded / 2) + (column / GroupOrder.Columns * Line) + (place % Line)] >> (place / Line * 2) & 3;
        return GroupOrder.GetNibble(row, column, padded) | up << 4;
    }

    /// <summary>Where ggml's block has the bits of its weight i: the byte and the shift of the lower four and of the upper two.</summary>
    private static (int Low, int LowShift, int Up, int UpShift) Places(int i)
    {
        int half = i / 128, quarter = i % 128 / 32, column = i % 32;
        return ((half * 64) + (quarter % 2 * 32) + column, quarter / 2 * 4, HighAt + (half * 32) + column, quarter * 2);
    }
}

/// <summary>Eight scales of a byte each.</summary>
internal static class PartScales
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Unsigned(ref readonly byte parts)
    {
        Vector128<byte> bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<long>(in parts)).AsByte();
        if (Avx2.IsSupported)
            return Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(bytes));

        Vector128<ushort> eight = Vector128.WidenLower(bytes);
        return Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(eight), Vector128.WidenUpper(eight)).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Signed(ref readonly byte parts)
    {
        Vector128<sbyte> bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<long>(in parts)).AsSByte();
        if (Avx2.IsSupported)
            return Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(bytes));

        Vector128<short> eight = Vector128.WidenLower(bytes);
        return Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(eight), Vector128.WidenUpper(eight)));
    }
}
