using System.Numerics.Tensors;
using Neuralink.Kernels;

namespace Neuralink.Models.Training.Decomposition;

/// <summary>Mean [d] and covariance [d, d] of a layer's inputs.</summary>
/// <param name="Mean">[d].</param>
/// <param name="Covariance">[d, width]: rows are padded with zeros to a multiple of <see cref="MatrixProduct.ColumnMultiple"/>.</param>
/// <param name="Width">From one row of the covariance to the next.</param>
internal sealed record InputMoments(float[] Mean, float[] Covariance, int Width)
{
    // As much as is decoded at a time.
    private const int BatchTokens = 512;

    private const int RowGrain = 16;

    /// <summary>Those of <paramref name="tokens"/>.</summary>
    public static InputMoments Of(WorkerPool pool, LayerSamples samples, ReadOnlyMemory<int> tokens, CancellationToken cancellation)
    {
        int d = samples.InputSize, width = MatrixProduct.Padded(d);
        float[] mean = new float[d], covariance = new float[d * width], batch = new float[BatchTokens * width];
        float[] row = new float[d];
        double[] sums = new double[d];
        foreach (int token in tokens.Span)
        {
            samples.Gather([token], row);
            for (int i = 0; i < d; i++)
                sums[i] += row[i];
        }
        for (int i = 0; i < d; i++)
            mean[i] = (float)(sums[i] / Math.Max(1, tokens.Length));
        for (int begin = 0; begin < tokens.Length; begin += BatchTokens)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Math.Min(BatchTokens, tokens.Length - begin);
            for (int i = 0; i < count; i++)
            {
                Span<float> x = batch.AsSpan(i * width, d);
                samples.Gather([tokens.Span[begin + i]], x);
                TensorPrimitives.Subtract(x, mean, x);
            }
            // C += X^T X, split by rows of C.
            pool.Run(
                new LoopBody((first, end) => MatrixProduct.Multiply(
                    batch.AsSpan(first), batch, covariance.AsSpan(first * width),
                    new ProductShape(end - first, width, count, 1, width, width, width), add: true)),
                d, RowGrain);
        }
        TensorPrimitives.Multiply(covariance, 1f / Math.Max(1, tokens.Length), covariance);
        return new InputMoments(mean, covariance, width);
    }
}
