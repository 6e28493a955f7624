using System.Runtime.CompilerServices;

namespace Neuralink.Kernels;

/// <summary>
/// The order of 256 columns, 8 blocks of 32, in rows of block formats and in their inputs: the first four columns of each block, then the
/// next four of each, and so on. So the products of 32 bytes add up to eight sums, one for each block, in registers of any width.
/// <code>
/// byte 32 k + 4 j + i = column 32 j + 4 k + i        k of 8 quads, j of 8 blocks
/// byte 32 k + 4 j + i of 4 bits = that column in its lower half, and the column 16 behind it in its upper    k of 4
/// </code>
/// A row of weights may end with half a group, which has four blocks and 16 bytes where a group has 32.
/// </summary>
internal static class GroupOrder
{
    /// <summary>Columns of a block.</summary>
    public const int BlockColumns = 32;

    /// <summary>Columns of a group, and its blocks.</summary>
    public const int Columns = 256, Blocks = 8;

    /// <summary>Columns that follow each other, and how many such runs a block has.</summary>
    public const int QuadBytes = 4, Quads = BlockColumns / QuadBytes;

    /// <summary>A group is multiplied in four units, each two quads of every block.</summary>
    public const int UnitBytes = 2 * QuadBytes * Blocks;

    /// <summary>Columns of half a group.</summary>
    public const int HalfColumns = Columns / 2;

    /// <summary>Groups of a row, the last one whole or not.</summary>
    public static int CountOf(int columns) => checked(columns + Columns - 1) / Columns;

    /// <summary>Bytes from a quad to the next of the same block: fewer in half a group, which is a row's last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int QuadStride(int padded, int column) =>
        column / Columns * Columns + Columns <= padded ? QuadBytes * Blocks : QuadBytes * Blocks / 2;

    /// <summary>The byte of a group that has a column's level.</summary>
    public static int ByteOf(int column) => (Quad(column) * QuadBytes * Blocks) + InQuads(column);

    /// <summary>The byte of a row of <paramref name="padded"/> columns that has a column's level.</summary>
    public static int ByteOf(int column, int padded) =>
        (column / Columns * Columns) + (Quad(column) * QuadStride(padded, column)) + InQuads(column);

    /// <summary>The same of levels of 4 bits.</summary>
    public static int NibbleOf(int column, int padded) =>
        (column / Columns * HalfColumns) + (Quad(column) % (Quads / 2) * QuadStride(padded, column)) + InQuads(column);

    /// <summary>Whether a level of 4 bits is in the upper half of its byte.</summary>
    public static bool IsUpper(int column) => Quad(column) >= Quads / 2;

    /// <summary>A level of 4 bits.</summary>
    public static int GetNibble(ReadOnlySpan<byte> levels, int column, int padded) =>
        levels[NibbleOf(column, padded)] >> (IsUpper(column) ? 4 : 0) & 15;

    /// <summary>Sets a level of 4 bits and leaves its neighbour as it is.</summary>
    public static void SetNibble(Span<byte> levels, int column, int padded, int level)
    {
        ref byte at = ref levels[NibbleOf(column, padded)];
        at = (byte)(IsUpper(column) ? (at & 15) | (level << 4) : (at & 0xF0) | level);
    }

    /// <summary>Half a group of quads as a whole one, whose other blocks are zero.</summary>
    /// <param name="half">Its bytes.</param>
    /// <param name="whole">Twice as many.</param>
    public static void Widen(ReadOnlySpan<byte> half, Span<byte> whole)
    {
        const int Bytes = QuadBytes * Blocks / 2;
        whole.Clear();
        for (int at = 0; at < half.Length; at += Bytes)
            half.Slice(at, Bytes).CopyTo(whole[(2 * at)..]);
    }

    private static int Quad(int column) => column % BlockColumns / QuadBytes;

    private static int InQuads(int column) => (column % Columns / BlockColumns * QuadBytes) + (column % QuadBytes);
}
