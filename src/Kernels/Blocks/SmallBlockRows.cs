using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>A row of <see cref="WeightFormat.Q8_0"/>: [q: P signed bytes][d: P / 32 binary16].</summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q8_0Rows : IBundleRowCodec
{
    private const int LevelMax = 127, BlockBytes = 34;

    public static int GroupColumns => 64;

    public static int ScaleColumns => HalfScales.BlockColumns;

    public static bool IsSigned => true;

    public static int RowBytes(int padded) => checked(padded + (padded / HalfScales.BlockColumns * sizeof(short)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LevelBytes(int column) => column;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Levels<TBytes>(ref readonly byte row, int padded, int column, int step)
        where TBytes : struct, IByteLanes<TBytes>
        => TBytes.Load(in Unsafe.Add(ref Unsafe.AsRef(in row), column));

    public static void Scale<TLanes>(ref readonly byte row, InputScales x, int begin, int end, ref float scales, ref TLanes minima)
        where TLanes : struct, ILanes<TLanes>
        => HalfScales.Scale(in Unsafe.Add(ref Unsafe.AsRef(in row), x.Padded), x, begin, end, above: 0, ref scales, ref minima);

    public static int PairDistance => 16;

    public static int ScaleBytes(int padded) => padded;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair<TLanes>(ref readonly byte row, int column, out TLanes first, out TLanes second)
        where TLanes : struct, ILanes<TLanes>
    {
        ref sbyte at = ref Unsafe.As<byte, sbyte>(ref Unsafe.Add(ref Unsafe.AsRef(in row), column));
        first = TLanes.LoadInt8(in at);
        second = TLanes.LoadInt8(in Unsafe.Add(ref at, PairDistance));
    }

    public static void Decode(ReadOnlySpan<byte> row, int padded, int first, Span<float> y)
    {
        float d = HalfScales.Of(in row[ScaleBytes(padded)], first / HalfScales.BlockColumns);
        for (int i = 0; i < y.Length; i++)
            y[i] = (sbyte)row[first + i] * d;
    }

    /// <summary>d = max |x| / 127, q = x / d rounded, halves away from zero.</summary>
    public static void Encode(ReadOnlySpan<float> x, Span<byte> row, int padded, int block)
    {
        float largest = 0;
        foreach (float value in x)
            largest = MathF.Max(largest, MathF.Abs(value));

        float d = largest / LevelMax, perUnit = d == 0 ? 0 : 1 / d;
        for (int i = 0; i < x.Length; i++)
            row[(block * HalfScales.BlockColumns) + i] = (byte)(sbyte)MathF.Round(x[i] * perUnit, MidpointRounding.AwayFromZero);

        MemoryMarshal.Cast<byte, Half>(row[padded..])[block] = (Half)d;
    }

    public static void FromGgml(ReadOnlySpan<byte> blocks, Span<byte> row, int padded)
    {
        for (int b = 0; b * BlockBytes < blocks.Length; b++)
        {
            blocks.Slice(b * BlockBytes, sizeof(short)).CopyTo(row[(padded + (b * sizeof(short)))..]);
            blocks.Slice((b * BlockBytes) + sizeof(short), HalfScales.BlockColumns).CopyTo(row[(b * HalfScales.BlockColumns)..]);
        }
    }

    public static void ToGgml(ReadOnlySpan<byte> row, int padded, Span<byte> blocks)
    {
        for (int b = 0; b * BlockBytes < blocks.Length; b++)
        {
            row.Slice(padded + (b * sizeof(short)), sizeof(short)).CopyTo(blocks[(b * BlockBytes)..]);
            row.Slice(b * HalfScales.BlockColumns, HalfScales.BlockColumns).CopyTo(blocks[((b * BlockBytes) + sizeof(short))..]);
        }
    }

    public static bool AllFinite(ReadOnlySpan<byte> row, int padded) => HalfScales.AllFinite(row[padded..]);
}

/// <summary>
/// A row of <see cref="WeightFormat.Q4_0"/>: [q: P / 2 bytes][d: P / 32 binary16]. Byte i of 64 has column i of 128 in its lower half,
/// column 64 + i in its upper.
/// </summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q4_0Rows : IBundleRowCodec
{
    private const int LevelMax = 15, Centre = 8, BlockBytes = 18, HalfOfBlock = 16;

    public static int GroupColumns => 128;

    public static int ScaleColumns => HalfScales.BlockColumns;

    public static bool IsSigned => false;

    public static int RowBytes(int padded) => checked((padded / 2) + (padded / HalfScales.BlockColumns * sizeof(short)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LevelBytes(int column) => column / 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Levels<TBytes>(ref readonly byte row, int padded, int column, int step)
        where TBytes : struct, IByteLanes<TBytes>
        => NibbleLevels.Load<TBytes>(in row, column, step);

    public static void Scale<TLanes>(ref readonly byte row, InputScales x, int begin, int end, ref float scales, ref TLanes minima)
        where TLanes : struct, ILanes<TLanes>
        => HalfScales.Scale(in Unsafe.Add(ref Unsafe.AsRef(in row), x.Padded / 2), x, begin, end, Centre, ref scales, ref minima);

    public static int PairDistance => 64;

    public static int ScaleBytes(int padded) => padded / 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair<TLanes>(ref readonly byte row, int column, out TLanes first, out TLanes second)
        where TLanes : struct, ILanes<TLanes>
        => TLanes.LoadNibbles(in Unsafe.Add(ref Unsafe.AsRef(in row), NibbleLevels.ByteOf(column)), out first, out second);

    public static void Decode(ReadOnlySpan<byte> row, int padded, int first, Span<float> y)
    {
        float d = HalfScales.Of(in row[ScaleBytes(padded)], first / HalfScales.BlockColumns);
        for (int i = 0; i < y.Length; i++)
            y[i] = (NibbleLevels.Get(row, first + i) - Centre) * d;
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
        for (int i = 0; i < HalfScales.BlockColumns; i++)
        {
            int level = i < x.Length ? Math.Min(LevelMax, (int)((x[i] * perUnit) + 8.5f)) : Centre;
            NibbleLevels.Set(row, (block * HalfScales.BlockColumns) + i, level);
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
                NibbleLevels.Set(row, (b * HalfScales.BlockColumns) + i, block[sizeof(short) + i] & LevelMax);
                NibbleLevels.Set(row, (b * HalfScales.BlockColumns) + HalfOfBlock + i, block[sizeof(short) + i] >> 4);
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
                int low = NibbleLevels.Get(row, (b * HalfScales.BlockColumns) + i);
                block[sizeof(short) + i] = (byte)(low | (NibbleLevels.Get(row, (b * HalfScales.BlockColumns) + HalfOfBlock + i) << 4));
            }
        }
    }

    public static bool AllFinite(ReadOnlySpan<byte> row, int padded) => HalfScales.AllFinite(row[(padded / 2)..]);
}

/// <summary>Levels of 4 bits, 128 in 64 bytes: byte i has level i in its lower half and level 64 + i in its upper.</summary>
internal static class NibbleLevels
{
    private const int Group = 128, HalfOfGroup = 64;

    /// <summary>Levels <paramref name="column"/> + 64 <paramref name="step"/> and the 63 behind it; column: a multiple of 128.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Load<TBytes>(ref readonly byte levels, int column, int step)
        where TBytes : struct, IByteLanes<TBytes>
        => TBytes.Field(TBytes.Load(in Unsafe.Add(ref Unsafe.AsRef(in levels), (column / 2) + (step / 2 * HalfOfGroup))), step % 2 * 4, 15);

    /// <summary>The byte that has a column's level.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ByteOf(int column) => (column / Group * HalfOfGroup) + (column % HalfOfGroup);

    /// <summary>Whether it is its upper half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsUpper(int column) => (column & HalfOfGroup) != 0;

    public static int Get(ReadOnlySpan<byte> levels, int column) => levels[ByteOf(column)] >> (IsUpper(column) ? 4 : 0) & 15;

    /// <summary>Sets one level and leaves its neighbour as it is.</summary>
    public static void Set(Span<byte> levels, int column, int level)
    {
        ref byte at = ref levels[ByteOf(column)];
        at = (byte)(IsUpper(column) ? (at & 15) | (level << 4) : (at & 0xF0) | level);
    }
}
