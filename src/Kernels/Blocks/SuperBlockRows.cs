using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>
/// A row of <see cref="WeightFormat.Q4_K"/>: [q: P / 2 bytes, as Q4_0's][scale: P / 32 bytes][minimum: P / 32 bytes]
/// [d, dmin: two binary16 for each 256]. The scales' and minima's 6 bits are unpacked.
/// </summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q4_KRows : IBlockRowCodec
{
    private const int Parts = 8, BlockBytes = 144, LevelsAt = 16, PairBytes = 2 * sizeof(short);

    public static int GroupColumns => 256;

    public static int ScaleColumns => 32;

    public static bool IsSigned => false;

    public static int RowBytes(int padded) => checked((padded / 2) + (padded / 16) + (padded / GroupColumns * PairBytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LevelBytes(int column) => column / 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Levels<TBytes>(ref readonly byte row, int padded, int column, int step)
        where TBytes : struct, IByteLanes<TBytes>
        => NibbleLevels.Load<TBytes>(in row, column, step);

    public static void Scale<TLanes>(ref readonly byte row, InputScales x, int begin, int end, ref float scales, ref TLanes minima)
        where TLanes : struct, ILanes<TLanes>
    {
        ref byte parts = ref Unsafe.Add(ref Unsafe.AsRef(in row), x.Padded / 2);
        ref byte halves = ref Unsafe.Add(ref parts, x.Padded / 16);
        Span<float> lanes = stackalloc float[ILanes<TLanes>.Count];
        TLanes.Store(minima, ref MemoryMarshal.GetReference(lanes));
        for (int b = begin / ScaleColumns; b < end / ScaleColumns; b++)
        {
            float d = HalfScales.Of(in halves, b / Parts * 2), dmin = HalfScales.Of(in halves, (b / Parts * 2) + 1);
            float scale = d * Unsafe.Add(ref parts, b), minimum = dmin * Unsafe.Add(ref parts, (x.Padded / 32) + b);
            Unsafe.Add(ref scales, b - (begin / ScaleColumns)) = scale * Unsafe.Add(ref Unsafe.AsRef(in x.Scales), b);
            ref float lane = ref lanes[b % ILanes<TLanes>.Count];
            lane = MathF.FusedMultiplyAdd(minimum, Unsafe.Add(ref Unsafe.AsRef(in x.Sums), b), lane);
        }

        minima = TLanes.Load(ref MemoryMarshal.GetReference(lanes));
    }

    public static void Decode(ReadOnlySpan<byte> row, int padded, int first, Span<float> y)
    {
        int b = first / ScaleColumns;
        ReadOnlySpan<byte> parts = row[(padded / 2)..], halves = row[((padded / 2) + (padded / 16))..];
        ref readonly byte pairs = ref MemoryMarshal.GetReference(halves);
        float scale = HalfScales.Of(in pairs, b / Parts * 2) * parts[b];
        float minimum = HalfScales.Of(in pairs, (b / Parts * 2) + 1) * parts[(padded / 32) + b];
        for (int i = 0; i < y.Length; i++)
            y[i] = (scale * NibbleLevels.Get(row, first + i)) - minimum;
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
                    NibbleLevels.Set(row, (s * GroupColumns) + (k * ScaleColumns) + i, level);
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
                    int level = NibbleLevels.Get(row, (s * GroupColumns) + (k * ScaleColumns) + i);
                    block[LevelsAt + (k / 2 * ScaleColumns) + i] |= (byte)(level << (k % 2 * 4));
                }
            }
        }
    }

    public static bool AllFinite(ReadOnlySpan<byte> row, int padded) => HalfScales.AllFinite(row[((padded / 2) + (padded / 16))..]);
}

/// <summary>
/// A row of <see cref="WeightFormat.Q6_K"/>: [the lower 4 bits of q: P / 2 bytes, as Q4_0's][the upper 2: P / 4 bytes]
/// [scale: P / 16 signed bytes][d: a binary16 for each 256]. Byte i of 64 has the upper bits of columns i, 64 + i, 128 + i, 192 + i of 256.
/// </summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q6_KRows : IBlockRowCodec
{
    private const int Centre = 32, BlockBytes = 210, HighAt = 128, ScalesAt = 192, ScaleAt = 208, Parts = 16, Line = 64;

    public static int GroupColumns => 256;

    public static int ScaleColumns => 16;

    public static bool IsSigned => true;

    public static int RowBytes(int padded) =>
        checked((padded / 2) + (padded / 4) + (padded / 16) + (padded / GroupColumns * sizeof(short)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LevelBytes(int column) => column / 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TBytes Levels<TBytes>(ref readonly byte row, int padded, int column, int step)
        where TBytes : struct, IByteLanes<TBytes>
    {
        TBytes high = TBytes.Load(in Unsafe.Add(ref Unsafe.AsRef(in row), (padded / 2) + (column / 4)));
        TBytes upper = step < 2
            ? TBytes.ShiftLeft(TBytes.Field(high, step * 2, 3), 4)
            : TBytes.Field(high, (step * 2) - 4, 0x30);
        return TBytes.SubtractBytes(TBytes.Or(NibbleLevels.Load<TBytes>(in row, column, step), upper), Centre);
    }

    public static void Scale<TLanes>(ref readonly byte row, InputScales x, int begin, int end, ref float scales, ref TLanes minima)
        where TLanes : struct, ILanes<TLanes>
    {
        ref byte parts = ref Unsafe.Add(ref Unsafe.AsRef(in row), ScalesOf(x.Padded));
        ref byte halves = ref Unsafe.Add(ref parts, x.Padded / 16);
        for (int k = begin / ScaleColumns; k < end / ScaleColumns; k++)
        {
            float scale = HalfScales.Of(in halves, k / Parts) * (sbyte)Unsafe.Add(ref parts, k);
            Unsafe.Add(ref scales, k - (begin / ScaleColumns)) = scale * Unsafe.Add(ref Unsafe.AsRef(in x.Scales), k / 2);
        }
    }

    public static void Decode(ReadOnlySpan<byte> row, int padded, int first, Span<float> y)
    {
        ReadOnlySpan<byte> parts = row[ScalesOf(padded)..];
        float d = HalfScales.Of(in MemoryMarshal.GetReference(parts[(padded / 16)..]), first / GroupColumns);
        for (int i = 0; i < y.Length; i++)
            y[i] = d * (sbyte)parts[(first + i) / ScaleColumns] * (Level(row, padded, first + i) - Centre);
    }

    public static void FromGgml(ReadOnlySpan<byte> blocks, Span<byte> row, int padded)
    {
        Span<byte> high = row[(padded / 2)..], parts = row[ScalesOf(padded)..], halves = parts[(padded / 16)..];
        for (int s = 0; s * BlockBytes < blocks.Length; s++)
        {
            ReadOnlySpan<byte> block = blocks.Slice(s * BlockBytes, BlockBytes);
            block.Slice(ScaleAt, sizeof(short)).CopyTo(halves[(s * sizeof(short))..]);
            block.Slice(ScalesAt, Parts).CopyTo(parts[(s * Parts)..]);
            for (int i = 0; i < GroupColumns; i++)
            {
                (int low, int lowShift, int up, int upShift) = Places(i);
                int level = (block[low] >> lowShift & 15) | (block[up] >> upShift & 3) << 4;
                NibbleLevels.Set(row, (s * GroupColumns) + i, level & 15);
                ref byte to = ref high[(s * Line) + (i % Line)];
                to = (byte)((to & ~(3 << (i / Line * 2))) | (level >> 4 << (i / Line * 2)));
            }
        }
    }

    public static void ToGgml(ReadOnlySpan<byte> row, int padded, Span<byte> blocks)
    {
        ReadOnlySpan<byte> parts = row[ScalesOf(padded)..], halves = parts[(padded / 16)..];
        blocks.Clear();
        for (int s = 0; s * BlockBytes < blocks.Length; s++)
        {
            Span<byte> block = blocks.Slice(s * BlockBytes, BlockBytes);
            halves.Slice(s * sizeof(short), sizeof(short)).CopyTo(block[ScaleAt..]);
            parts.Slice(s * Parts, Parts).CopyTo(block[ScalesAt..]);
            for (int i = 0; i < GroupColumns; i++)
            {
                (int low, int lowShift, int up, int upShift) = Places(i);
                int level = Level(row, padded, (s * GroupColumns) + i);
                block[low] |= (byte)((level & 15) << lowShift);
                block[up] |= (byte)(level >> 4 << upShift);
            }
        }
    }

    public static bool AllFinite(ReadOnlySpan<byte> row, int padded) => HalfScales.AllFinite(row[(ScalesOf(padded) + (padded / 16))..]);

    private static int ScalesOf(int padded) => (padded / 2) + (padded / 4);

    private static int Level(ReadOnlySpan<byte> row, int padded, int column)
    {
        int at = column % GroupColumns, up = row[(padded / 2) + (column / GroupColumns * Line) + (at % Line)] >> (at / Line * 2) & 3;
        return NibbleLevels.Get(row, column) | up << 4;
    }

    /// <summary>Where ggml's block has the bits of its weight i: the byte and the shift of the lower four and of the upper two.</summary>
    private static (int Low, int LowShift, int Up, int UpShift) Places(int i)
    {
        int half = i / 128, quarter = i % 128 / 32, column = i % 32;
        return ((half * 64) + (quarter % 2 * 32) + column, quarter / 2 * 4, HighAt + (half * 32) + column, quarter * 2);
    }
}
