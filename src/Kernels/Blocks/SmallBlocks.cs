using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Neuralink.Kernels;

/// <summary>32 weights, 34 bytes: d in binary16, then a signed byte q each. w = q d.</summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q8_0Codec : IBlockCodec
{
    public static int Elements => 32;

    public static int Bytes => 34;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = SmallBlocks.Half(block, 0);
        for (int i = 0; i < y.Length; i++)
            y[i] = (sbyte)block[2 + i] * d;
    }
}

/// <summary>32 weights, 18 bytes: d, then levels of 4 bits. w = (q - 8) d.</summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q4_0Codec : IBlockCodec
{
    public static int Elements => 32;

    public static int Bytes => 18;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> y) =>
        SmallBlocks.Decode(block[2..], highBits: 0, SmallBlocks.Half(block, 0), offset: -8, minimum: null, y);
}

/// <summary>32 weights, 20 bytes: d, m, levels of 4 bits. w = q d + m.</summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q4_1Codec : IBlockCodec
{
    public static int Elements => 32;

    public static int Bytes => 20;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> y) =>
        SmallBlocks.Decode(block[4..], highBits: 0, SmallBlocks.Half(block, 0), offset: 0, SmallBlocks.Half(block, 2), y);
}

/// <summary>32 weights, 22 bytes: d, the fifth bits of all levels in 32 bits, the lower four. w = (q - 16) d.</summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q5_0Codec : IBlockCodec
{
    public static int Elements => 32;

    public static int Bytes => 22;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> y)
    {
        uint highBits = BinaryPrimitives.ReadUInt32LittleEndian(block[2..]);
        SmallBlocks.Decode(block[6..], highBits, SmallBlocks.Half(block, 0), offset: -16, minimum: null, y);
    }
}

/// <summary>32 weights, 24 bytes: d, m, the fifth bits of all levels in 32 bits, the lower four. w = q d + m.</summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q5_1Codec : IBlockCodec
{
    public static int Elements => 32;

    public static int Bytes => 24;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> y)
    {
        uint highBits = BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        SmallBlocks.Decode(block[8..], highBits, SmallBlocks.Half(block, 0), offset: 0, SmallBlocks.Half(block, 2), y);
    }
}

/// <summary>What the formats of 32 weights a block share.</summary>
internal static class SmallBlocks
{
    private const int HalfOfBlock = 16;

    /// <summary>The binary16 at <paramref name="offset"/>, infinities and NaN too.</summary>
    public static float Half(ReadOnlySpan<byte> block, int offset) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[offset..]);

    /// <summary>
    /// Levels of 4 bits: byte i has that of weight i in its lower half and that of weight i + 16 in its upper. Bit i of
    /// <paramref name="highBits"/> is the fifth bit of weight i.
    /// </summary>
    public static void Decode(ReadOnlySpan<byte> levels, uint highBits, float d, int offset, float? minimum, Span<float> y)
    {
        for (int i = 0; i < HalfOfBlock; i++)
        {
            int low = (levels[i] & 15) | (int)(highBits >> i << 4 & 16), high = (levels[i] >> 4) | (int)(highBits >> (i + 12) & 16);
            y[i] = (low + offset) * d;
            y[i + HalfOfBlock] = (high + offset) * d;
        }
        if (minimum is not { } m)
            return;                 // adding zero would make +0 of -0
        foreach (ref float weight in y)
            weight += m;
    }
}
