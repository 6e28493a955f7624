namespace Neuralink.Kernels;

/// <summary>
/// How <see cref="PanelProduct{TCodec, TLanes, TPart}"/> cuts a product into blocks. A panel of weights and a tile's x stay in a
/// first-level cache of 32 KiB, a block's x and its waiting sums in a second-level cache of 512 KiB.
/// </summary>
internal static class PanelSizes
{
    /// <summary>Lanes of a sum.</summary>
    public const int Lanes = 16;

    /// <summary>Rows of a tile.</summary>
    public const int TileRows = 4;

    /// <summary>Rows of x of a tile.</summary>
    public const int TileInputs = 3;

    /// <summary>Floats of a tile's sums.</summary>
    public const int TileSums = TileRows * TileInputs * Lanes;

    /// <summary>Rows whose weights are decoded at a time.</summary>
    public const int PanelRows = 2 * TileRows;

    /// <summary>Columns of a block.</summary>
    public const int Columns = 512;

    /// <summary>Rows of a block.</summary>
    public const int Rows = 48;

    /// <summary>Rows of x of a block, where its sums wait; where all columns are one block there is room for twice as many.</summary>
    public const int Inputs = 24 * TileInputs;

    // With fewer, decoding weights into a panel takes longer than decoding them for every tile again.
    private const int BatchMin = 4 * TileInputs;

    /// <summary>Whether panels are faster than tiles of <see cref="DotTiles{TCodec, TLanes}"/>.</summary>
    public static bool IsWorthPacking(int rowCount, int batch) => rowCount >= TileRows && batch >= BatchMin;

    /// <summary>Columns of a product's blocks, whole steps.</summary>
    public static int ColumnsOf(int columns) => Math.Min(Columns, RoundUp(columns, Lanes));

    /// <summary>Rows of x of a product's blocks, whole tiles.</summary>
    public static int InputsOf(PanelShape shape)
        => Math.Min(shape.Columns <= Columns ? 2 * Inputs : Inputs, RoundUp(shape.Batch, TileInputs));

    public static int RoundUp(int count, int multiple) => (count + multiple - 1) / multiple * multiple;
}
