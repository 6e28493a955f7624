using System.Numerics.Tensors;
using Neuralink.Kernels;
using Neuralink.Placement.Synthetic;

namespace Neuralink.Models.Training.Decomposition;

/// <summary>
/// The directions U [f, r] in which a matrix W [f, d] moves inputs of covariance C most: the left singular vectors of W C^(1/2). Of all
/// matrices of rank r, U U^T W has the least mean square error of W x over such inputs (the whitened SVD of SVD-LLM, arXiv 2403.07378,
/// section 3.1, which SVDP uses, arXiv 2603.14110), and needs neither the root of C nor its inverse.
/// <para>
/// Found by subspace iteration on W C W^T with a basis that is made orthonormal each time, and then turned to its singular vectors by the
/// small matrix U^T W C W^T U (Halko, Martinsson and Tropp 2011, algorithms 4.4 and 5.3). So no [f, f] is ever held.
/// </para>
/// </summary>
internal sealed class WhitenedBasis
{
    // With these many more directions than wanted, a few iterations find the wanted ones to within what f16 keeps.
    private const int MoreDirections = 8, Iterations = 6;

    private const int RowGrain = 16;

    private WhitenedBasis(float[] u, float[] v, double[] variances, int width) => (U, V, Variances, Width) = (u, v, variances, width);

    /// <summary>[f, width], a direction a column, by descending variance; columns from the wanted rank on are of no use.</summary>
    public float[] U { get; }

    /// <summary>W^T U, [d, width].</summary>
    public float[] V { get; }

    /// <summary>The variance of W x along each direction.</summary>
    public IReadOnlyList<double> Variances { get; }

    /// <summary>From one row to the next.</summary>
    public int Width { get; }

    /// <param name="pool">Shares the work; the result does not depend on its threads.</param>
    /// <param name="w">[f, d].</param>
    /// <param name="neurons">f.</param>
    /// <param name="moments">Of the inputs.</param>
    /// <param name="rank">The directions that are wanted.</param>
    /// <param name="seed">Of the basis to begin with.</param>
    /// <param name="progress">Told the share that is done.</param>
    /// <param name="cancellation">Stops between iterations.</param>
    public static WhitenedBasis Find(
        WorkerPool pool, float[] w, int neurons, InputMoments moments, int rank, ulong seed, Action<double>? progress,
        CancellationToken cancellation)
    {
        int d = moments.Mean.Length, width = MatrixProduct.Padded(Math.Min(rank + MoreDirections, neurons));
        float[] u = new float[neurons * width], v = new float[d * width], cv = new float[d * width];
        SplitMix64 random = new(seed);
        for (int i = 0; i < u.Length; i++)
            u[i] = (float)random.NextNormal();
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            cancellation.ThrowIfCancellationRequested();
            Orthonormalise(pool, u, neurons, width);
            Back();
            pool.Run(
                new LoopBody((first, end) => MatrixProduct.Multiply(
                    w.AsSpan(first * d), cv, u.AsSpan(first * width), new ProductShape(end - first, width, d, d, 1, width, width),
                    add: false)),
                neurons, RowGrain);
            progress?.Invoke((iteration + 1.0) / (Iterations + 1));
        }
        Orthonormalise(pool, u, neurons, width);
        Back();
        (double[] variances, double[] turn) = SymmetricEigen.Solve(Small(pool, v, cv, d, width), width);
        progress?.Invoke(1);
        return new WhitenedBasis(Turned(pool, u, neurons, turn, width), Turned(pool, v, d, turn, width), variances, width);

        // v = W^T u and cv = C v.
        void Back()
        {
            pool.Run(
                new LoopBody((first, end) => MatrixProduct.Multiply(
                    w.AsSpan(first), u, v.AsSpan(first * width), new ProductShape(end - first, width, neurons, 1, d, width, width),
                    add: false)),
                d, RowGrain);
            pool.Run(
                new LoopBody((first, end) => MatrixProduct.Multiply(
                    moments.Covariance.AsSpan(first * moments.Width), v, cv.AsSpan(first * width),
                    new ProductShape(end - first, width, d, moments.Width, 1, width, width), add: false)),
                d, RowGrain);
        }
    }

    /// <summary>v^T cv, made symmetric.</summary>
    private static double[] Small(WorkerPool pool, float[] v, float[] cv, int d, int width)
    {
        double[] small = new double[width * width];
        float[] product = new float[width * width];
        pool.Run(
            new LoopBody((first, end) => MatrixProduct.Multiply(
                v.AsSpan(first), cv, product.AsSpan(first * width), new ProductShape(end - first, width, d, 1, width, width, width),
                add: false)),
            width, RowGrain);
        for (int i = 0; i < width; i++)
        {
            for (int j = 0; j < width; j++)
                small[(i * width) + j] = 0.5 * (product[(i * width) + j] + product[(j * width) + i]);
        }
        return small;
    }

    private static float[] Turned(WorkerPool pool, float[] rows, int count, double[] turn, int width)
    {
        float[] turned = new float[rows.Length], by = Array.ConvertAll(turn, value => (float)value);
        pool.Run(
            new LoopBody((first, end) => MatrixProduct.Multiply(
                rows.AsSpan(first * width), by, turned.AsSpan(first * width),
                new ProductShape(end - first, width, width, width, 1, width, width), add: false)),
            count, RowGrain);
        return turned;
    }

    /// <summary>
    /// Makes the columns of u [rows, width] orthonormal by Gram and Schmidt's steps, each done twice, which is enough for float32 (Giraud
    /// et al. 2005). A column that the others explain becomes zero: there are no more directions.
    /// </summary>
    private static void Orthonormalise(WorkerPool pool, float[] u, int rows, int width)
    {
        const float PartMin = 1e-5f;
        float[] columns = new float[u.Length];
        Transpose(u, columns, rows, width);
        for (int j = 0; j < width; j++)
        {
            Memory<float> column = columns.AsMemory(j * rows, rows);
            float before = TensorPrimitives.Norm<float>(column.Span);
            for (int pass = 0; pass < 2 && j > 0; pass++)
            {
                float[] parts = new float[j];
                pool.Run(
                    new LoopBody(i => parts[i] = TensorPrimitives.Dot(columns.AsSpan(i * rows, rows), column.Span)), j, grain: 8);
                pool.Run(
                    new LoopBody((first, end) =>
                    {
                        Span<float> part = column.Span[first..end];
                        for (int i = 0; i < parts.Length; i++)
                            TensorPrimitives.MultiplyAdd(columns.AsSpan((i * rows) + first, end - first), -parts[i], part, part);
                    }),
                    rows, grain: 1024);
            }
            float norm = TensorPrimitives.Norm<float>(column.Span);
            if (norm > PartMin * before)
                TensorPrimitives.Divide(column.Span, norm, column.Span);
            else
                column.Span.Clear();
        }
        Transpose(columns, u, width, rows);
    }

    private static void Transpose(float[] from, float[] to, int rows, int columns)
    {
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
                to[(j * rows) + i] = from[(i * columns) + j];
        }
    }
}
