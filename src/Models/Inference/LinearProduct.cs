using Neuralink.Kernels;
using Neuralink.Models.Weights;

namespace Neuralink.Models.Inference;

/// <summary>
/// Runs y = x W^T + b over a worker pool, its rows split over the workers. Reused for every product of a pass, so nothing is allocated.
/// </summary>
/// <param name="quantized">Room for an input in 8 bits, where a matrix may want it.</param>
internal sealed class LinearProduct(QuantizedRows? quantized) : IParallelBody
{
    // Rows of a share: a multiple of a cache line's 16 floats, so that two workers do not write one line.
    private const int GrainRows = 16;

    private Linear? _linear;
    private FloatTensor? _x;
    private FloatTensor? _y;
    private int _batch;

    /// <summary>y [batch, linear.Rows] from x [batch, linear.Columns].</summary>
    public void Run(WorkerPool pool, Linear linear, FloatTensor x, FloatTensor y, int batch)
    {
        _linear = linear;
        _x = x;
        _y = y;
        _batch = batch;
        if (linear.QuantizesInput)
            quantized!.Make(x.First(batch), x.Columns);
        pool.Run(this, linear.Rows, WorkShare.Grain(pool, (long)linear.Columns * batch, GrainRows));
    }

    public void Execute(int begin, int end, int worker)
    {
        ReadOnlySpan<float> x = _x!.First(_batch);
        ProductInput input = QuantizedRows.InputOf(_linear!.QuantizesInput ? quantized : null, x, _x.Columns);
        _linear.Multiply(input, _y!.First(_batch), _batch, begin, end);
    }
}
