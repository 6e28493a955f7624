using Neuralink.Kernels;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Synthetic;

/// <summary>
/// Writes matrices in float16 as they are made, some rows at a time on all cores, and multiplies sample tokens with the very weights it
/// writes. Results do not depend on the number of threads.
/// </summary>
/// <param name="file">The checkpoint.</param>
/// <param name="nameOf">What the family's checkpoints call a tensor.</param>
/// <param name="written">Told the bytes of each piece.</param>
/// <param name="cancellation">Ends it.</param>
internal sealed class MatrixWriter(
    SafetensorsWriter file, Func<string, string> nameOf, Action<long> written, CancellationToken cancellation)
{
    /// <summary>Rows that are made together.</summary>
    public const int BlockRows = 32;

    /// <summary>Tokens multiplied at a time, so that they stay in a core's cache while the block's rows pass.</summary>
    public const int BatchTokens = 32;

    private const int ChunkBytes = 16 << 20;

    private static readonly WeightKernels s_kernels = WeightKernels.For(WeightFormat.F16);

    /// <summary>Makes rows.</summary>
    /// <param name="begin">The first.</param>
    /// <param name="rows">[rows, columns], to be filled; at most <see cref="BlockRows"/> of them.</param>
    public delegate void Fill(int begin, Span<float> rows);

    /// <summary>Writes W [rows, columns] and returns x W^T, [tokens, rows]; none for an empty x.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="rows">Rows of W.</param>
    /// <param name="columns">Columns of W.</param>
    /// <param name="fill">Makes the rows; called from several threads.</param>
    /// <param name="x">[tokens, columns].</param>
    public float[] Write(string name, int rows, int columns, Fill fill, float[] x)
    {
        float[] y = new float[x.Length / columns * rows];
        int rowBytes = s_kernels.RowBytes(columns), chunkRows = Math.Max(ChunkBytes / rowBytes / BlockRows, 1) * BlockRows;
        byte[] chunk = new byte[Math.Min(chunkRows, rows) * rowBytes];
        for (int begin = 0; begin < rows; begin += chunkRows)
        {
            cancellation.ThrowIfCancellationRequested();
            int first = begin, count = Math.Min(chunkRows, rows - begin);
            Parallel.For(0, (count + BlockRows - 1) / BlockRows, block =>
            {
                int at = block * BlockRows, blockRows = Math.Min(BlockRows, count - at);
                float[] values = new float[blockRows * columns];
                fill(first + at, values);
                Span<byte> bytes = chunk.AsSpan(at * rowBytes, blockRows * rowBytes);
                s_kernels.Encode(values, bytes);
                Multiply(bytes, x, y, new MatMulShape(blockRows, columns, 0, first + at, rows), s_kernels);
            });
            file.Write(nameOf(name), chunk.AsSpan(0, count * rowBytes));
            written(count * rowBytes);
        }
        return y;
    }

    /// <summary>Writes a vector.</summary>
    public void Write(string name, ReadOnlySpan<float> values)
    {
        byte[] bytes = new byte[s_kernels.RowBytes(values.Length)];
        s_kernels.Encode(values, bytes);
        file.Write(nameOf(name), bytes);
        written(bytes.Length);
    }

    /// <summary>y [tokens, stride], from the shape's offset on, = x W^T for all tokens of x; the shape's batch is not used.</summary>
    public static void Multiply(ReadOnlySpan<byte> rows, float[] x, Span<float> y, MatMulShape shape, WeightKernels kernels)
    {
        int tokens = x.Length / shape.Columns;
        for (int token = 0; token < tokens; token += BatchTokens)
        {
            int batch = Math.Min(BatchTokens, tokens - token);
            kernels.MatMul(
                rows, x.AsSpan(token * shape.Columns, batch * shape.Columns), [], y[(token * shape.OutputStride)..],
                shape with { Batch = batch });
        }
    }
}
