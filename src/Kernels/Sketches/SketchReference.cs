namespace Neuralink.Kernels;

/// <summary>
/// The products of a sketch one weight at a time, and what a packed weight stands for: what the kernels are tested against.
/// </summary>
internal static class SketchReference
{
    /// <summary>The level, 0 to 2^bits - 1, of column <paramref name="column"/> of a packed row.</summary>
    public static int Level(int bits, ReadOnlySpan<byte> packed, int column)
    {
        int block = column / 64, i = column % 64;
        return bits switch
        {
            2 => packed[(block / 4 * 64) + i] >> (block % 4 * 2) & 3,
            3 => LevelOfThree(packed[(block / 8 * 192)..], block % 8, i),
            4 => packed[(block / 2 * 64) + i] >> (block % 2 * 4) & 15,
            _ => throw new ArgumentOutOfRangeException(nameof(bits), bits, "No such sketch."),
        };
    }

    public static float Dot(int bits, ReadOnlySpan<byte> packed, SketchRow row, ReadOnlySpan<sbyte> x, SketchInput input, int columns)
    {
        int sum = 0;
        for (int c = 0; c < columns; c++)
            sum += ((2 * Level(bits, packed, c)) - (1 << bits) + 1) * x[c];

        return row.Scale * input.Scale * sum;
    }

    private static int LevelOfThree(ReadOnlySpan<byte> group, int block, int i) => block switch
    {
        6 => group[i] >> 6 | (group[64 + i] >> 6 & 1) << 2,
        7 => group[128 + i] >> 6 | group[64 + i] >> 7 << 2,
        _ => group[(block / 2 * 64) + i] >> (block % 2 * 3) & 7,
    };
}
