using Neuralink.Kernels;
using Neuralink.Models.Weights;

namespace Neuralink.Models.Inference;

/// <summary>
/// Runs y = x W^T + b over a worker pool, its rows split over the workers. Reused for every product of a pass, so nothing is allocated.
/// </summary>
internal sealed class LinearProduct : IParallelBody
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
        pool.Run(this, linear.Weights.Rows, WorkShare.Grain((long)linear.Weights.Columns * batch, GrainRows));
    }

    public void Execute(int begin, int end, int worker) => _linear!.Multiply(_x!.First(_batch), _y!.First(_batch), _batch, begin, end);
}
