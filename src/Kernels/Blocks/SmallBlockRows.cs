using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>A row of <see cref="WeightFormat.Q8_0"/>: [q: P signed bytes][d: P / 32 binary16].</summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q8_0Rows : IBundleRowCodec
{
    private const int LevelMax = 127, BlockBytes = 34, BlockColumns = GroupOrder.BlockColumns;

    public static int PaddedTo => GroupOrder.HalfColumns;

    public static BlockTerms Terms => BlockTerms.Whole;

    public static bool IsSmall => false;

    public static bool IsAbove => false;

    public static int RowBytes(int padded) => checked(padded + (padded / BlockColumns * sizeof(short)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LevelBytes(int column) => column;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ScaleBytes(int padded, int group) => padded + (group * HalfScales.GroupBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Levels<TBytes>(ref readonly byte row, int padded, int group, int unit)
        where TBytes : struct, IByteLanes<TBytes>
        => TBytes.Load(in Unsafe.Add(ref Unsafe.AsRef(in row), (group * GroupOrder.Columns) + (unit * GroupOrder.UnitBytes)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(ref readonly byte row, int padded, int group) =>
        HalfScales.Eight(in Unsafe.Add(ref Unsafe.AsRef(in row), ScaleBytes(padded, group)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Seconds(ref readonly byte row, int padded, int group) => default;

    public static void WidenLast(ReadOnlySpan<byte> row, int padded, Span<byte> whole)
    {
        whole.Clear();
        GroupOrder.Widen(row.Slice(padded - GroupOrder.HalfColumns, GroupOrder.HalfColumns), whole[..GroupOrder.Columns]);
        row[^HalfScales.HalfBytes..].CopyTo(whole[GroupOrder.Columns..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadQuads(ref readonly byte quad, int stride, out Vector256<float> first, out Vector256<float> second)
    {
        first = SignedLevels.Eight(in quad);
        second = SignedLevels.Eight(in Unsafe.Add(ref Unsafe.AsRef(in quad), stride * (GroupOrder.Quads / 2)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(ref readonly byte group, ref byte levels) =>
        Unsafe.CopyBlockUnaligned(ref levels, in group, GroupOrder.Columns);

    public static void Decode(ReadOnlySpan<byte> row, int padded, int first, Span<float> y)
    {
        float d = HalfScales.Of(in row[padded], first / BlockColumns);
        for (int i = 0; i < y.Length; i++)
            y[i] = (sbyte)row[GroupOrder.ByteOf(first + i, padded)] * d;
    }

    /// <summary>d = max |x| / 127, q = x / d rounded, halves away from zero.</summary>
    public static void Encode(ReadOnlySpan<float> x, Span<byte> row, int padded, int block)
    {
        float largest = 0;
        foreach (float value in x)
            largest = MathF.Max(largest, MathF.Abs(value));

        float d = largest / LevelMax, perUnit = d == 0 ? 0 : 1 / d;
        for (int i = 0; i < x.Length; i++)
        {
            int level = (int)MathF.Round(x[i] * perUnit, MidpointRounding.AwayFromZero);
            row[GroupOrder.ByteOf((block * BlockColumns) + i, padded)] = (byte)(sbyte)level;
        }

        MemoryMarshal.Cast<byte, Half>(row[padded..])[block] = (Half)d;
    }

    public static void FromGgml(ReadOnlySpan<byte> blocks, Span<byte> row, int padded)
    {
        for (int b = 0; b * BlockBytes < blocks.Length; b++)
        {
            ReadOnlySpan<byte> block = blocks.Slice(b * BlockBytes, BlockBytes);
            block[..sizeof(short)].CopyTo(row[(padded + (b * sizeof(short)))..]);
            for (int i = 0; i < BlockColumns; i++)
                row[GroupOrder.ByteOf((b * BlockColumns) + i, padded)] = block[sizeof(short) + i];
        }
    }

    public static void ToGgml(ReadOnlySpan<byte> row, int padded, Span<byte> blocks)
    {
        for (int b = 0; b * BlockBytes < blocks.Length; b++)
        {
            Span<byte> block = blocks.Slice(b * BlockBytes, BlockBytes);
            row.Slice(padded + (b * sizeof(short)), sizeof(short)).CopyTo(block);
            for (int i = 0; i < BlockColumns; i++)
                block[sizeof(short) + i] = row[GroupOrder.ByteOf((b * BlockColumns) + i, padded)];
        }
    }

    public static bool AllFinite(ReadOnlySpan<byte> row, int padded) => HalfScales.AllFinite(row[padded..]);
}

/// <summary>A row of <see cref="WeightFormat.Q4_0"/>: [q: P / 2 bytes][d: P / 32 binary16].</summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q4_0Rows : IBundleRowCodec
{
    private const int LevelMax = 15, Centre = 8, BlockBytes = 18, HalfOfBlock = 16, BlockColumns = GroupOrder.BlockColumns;

    public static int PaddedTo => GroupOrder.HalfColumns;

    public static BlockTerms Terms => BlockTerms.Whole;

    public static bool IsSmall => true;

    public static bool IsAbove => true;

    public static int RowBytes(int padded) => checked((padded / 2) + (padded / BlockColumns * sizeof(short)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LevelBytes(int column) => column / 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ScaleBytes(int padded, int group) => (padded / 2) + (group * HalfScales.GroupBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Levels<TBytes>(ref readonly byte row, int padded, int group, int unit)
        where TBytes : struct, IByteLanes<TBytes>
        => NibbleLevels.Load<TBytes>(in row, group, unit);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scales(ref readonly byte row, int padded, int group) =>
        HalfScales.Eight(in Unsafe.Add(ref Unsafe.AsRef(in row), ScaleBytes(padded, group)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Seconds(ref readonly byte row, int padded, int group) => default;

    public static void WidenLast(ReadOnlySpan<byte> row, int padded, Span<byte> whole)
    {
        const int Half = NibbleLevels.GroupBytes / 2;
        whole.Clear();
        GroupOrder.Widen(row.Slice((padded / 2) - Half, Half), whole[..NibbleLevels.GroupBytes]);
        row[^HalfScales.HalfBytes..].CopyTo(whole[NibbleLevels.GroupBytes..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadQuads(ref readonly byte quad, int stride, out Vector256<float> first, out Vector256<float> second)
    {
        Vector256<int> both = Eight(in quad), centre = Vector256.Create(Centre);
        first = Vector256.ConvertToSingle((both & Vector256.Create(LevelMax)) - centre);
        second = Vector256.ConvertToSingle((both >>> 4) - centre);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(ref readonly byte group, ref byte levels)
    {
        Vector256<byte> mask = Vector256.Create((byte)LevelMax), centre = Vector256.Create((byte)Centre);
        for (int at = 0; at < NibbleLevels.GroupBytes; at += Vector256<byte>.Count)
        {
            Vector256<byte> both = Vector256.LoadUnsafe(in group, (nuint)at);
            ((both & mask) - centre).StoreUnsafe(ref levels, (nuint)at);
            (((both.AsUInt16() >>> 4).AsByte() & mask) - centre).StoreUnsafe(ref levels, (nuint)(at + NibbleLevels.GroupBytes));
        }
    }

    public static void Decode(ReadOnlySpan<byte> row, int padded, int first, Span<float> y)
    {
        float d = HalfScales.Of(in row[padded / 2], first / BlockColumns);
        for (int i = 0; i < y.Length; i++)
            y[i] = (GroupOrder.GetNibble(row, first + i, padded) - Centre) * d;
    }

    /// <summary>d = the value of the largest magnitude / -8, q = x / d + 8.5, cut off.</summary>
    public static void Encode(ReadOnlySpan<float> x, Span<byte> row, int padded, int block)
    {
        float largest = 0, value = 0;
        foreach (float candidate in x)
        {
            if (MathF.Abs(candidate) > largest)
                (largest, value) = (MathF.Abs(candidate), candidate);
        }

        float d = value / -Centre, perUnit = d == 0 ? 0 : 1 / d;
        for (int i = 0; i < BlockColumns; i++)
        {
            int level = i < x.Length ? Math.Min(LevelMax, (int)((x[i] * perUnit) + 8.5f)) : Centre;
            GroupOrder.SetNibble(row, (block * BlockColumns) + i, padded, level);
        }

        MemoryMarshal.Cast<byte, Half>(row[(padded / 2)..])[block] = (Half)d;
    }

    public static void FromGgml(ReadOnlySpan<byte> blocks, Span<byte> row, int padded)
    {
        for (int b = 0; b * BlockBytes < blocks.Length; b++)
        {
            ReadOnlySpan<byte> block = blocks.Slice(b * BlockBytes, BlockBytes);
            block[..sizeof(short)].CopyTo(row[((padded / 2) + (b * sizeof(short)))..]);
            for (int i = 0; i < HalfOfBlock; i++)
            {
                GroupOrder.SetNibble(row, (b * BlockColumns) + i, padded, block[sizeof(short) + i] & LevelMax);
                GroupOrder.SetNibble(row, (b * BlockColumns) + HalfOfBlock + i, padded, block[sizeof(short) + i] >> 4);
            }
        }
    }

    public static void ToGgml(ReadOnlySpan<byte> row, int padded, Span<byte> blocks)
    {
        for (int b = 0; b * BlockBytes < blocks.Length; b++)
        {
            Span<byte> block = blocks.Slice(b * BlockBytes, BlockBytes);
            row.Slice((padded / 2) + (b * sizeof(short)), sizeof(short)).CopyTo(block);
            for (int i = 0; i < HalfOfBlock; i++)
            {
                int low = GroupOrder.GetNibble(row, (b * BlockColumns) + i, padded);
                int high = GroupOrder.GetNibble(row, (b * BlockColumns) + HalfOfBlock + i, padded);
                block[sizeof(short) + i] = (byte)(low | (high << 4));
            }
        }
    }

    public static bool AllFinite(ReadOnlySpan<byte> row, int padded) => HalfScales.AllFinite(row[(padded / 2)..]);

    /// <summary>Eight bytes. Sixteen are loaded, if the compiler does not see that eight are enough: the scales lie behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Eight(ref readonly byte source)
    {
        Vector128<byte> bytes = Vector128.LoadUnsafe(in source);
        if (Avx2.IsSupported)
            return Avx2.ConvertToVector256Int32(bytes);

        Vector128<ushort> eight = Vector128.WidenLower(bytes);
        return Vector256.Create(Vector128.WidenLower(eight), Vector128.WidenUpper(eight)).AsInt32();
    }
}

/// <summary>Levels of 4 bits, 256 in 128 bytes.</summary>
internal static class NibbleLevels
{
    /// <summary>Bytes of a group's levels.</summary>
    public const int GroupBytes = GroupOrder.Columns / 2;

    /// <summary>The levels of a group's unit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Load<TBytes>(ref readonly byte levels, int group, int unit)
        where TBytes : struct, IByteLanes<TBytes>
    {
        int at = (group * GroupBytes) + (unit % 2 * GroupOrder.UnitBytes);
        return TBytes.Field(TBytes.Load(in Unsafe.Add(ref Unsafe.AsRef(in levels), at)), unit / 2 * 4, 15);
    }
}

/// <summary>Levels that are signed bytes.</summary>
internal static class SignedLevels
{
    /// <summary>Eight as floats. Sixteen are loaded, if the compiler does not see that eight are enough.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Eight(ref readonly byte source)
    {
        Vector128<sbyte> bytes = Vector128.LoadUnsafe(in Unsafe.As<byte, sbyte>(ref Unsafe.AsRef(in source)));
        if (Avx2.IsSupported)
            return Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(bytes));

        Vector128<short> eight = Vector128.WidenLower(bytes);
        return Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(eight), Vector128.WidenUpper(eight)));
    }
}
