namespace Neuralink.Kernels;

/// <summary>
/// The shape of one worker's share of a matrix product: rows[RowCount, Columns] times x[Batch, Columns] transposed, written to
/// y[b * OutputStride + OutputOffset + r].
/// </summary>
/// <param name="RowCount">Rows of the share.</param>
/// <param name="Columns">Columns of the matrix, and the length of one row of x.</param>
/// <param name="Batch">Rows of x.</param>
/// <param name="OutputOffset">Index of the share's first row within a row of y.</param>
/// <param name="OutputStride">Floats from one row of y to the next: as a rule, the row count of the whole matrix.</param>
public readonly record struct MatMulShape(int RowCount, int Columns, int Batch, int OutputOffset, int OutputStride)
{
    /// <summary>The shape of an unsplit product, y[batch, rowCount].</summary>
    public static MatMulShape Whole(int rowCount, int columns, int batch) => new(rowCount, columns, batch, 0, rowCount);

    /// <summary>The share of rows [rowBegin, rowEnd) of this product.</summary>
    public MatMulShape Rows(int rowBegin, int rowEnd)
        => this with { RowCount = rowEnd - rowBegin, OutputOffset = OutputOffset + rowBegin };
}
