using Neuralink.Kernels;

namespace Neuralink.Models.Training;

/// <summary>A loop body from a delegate: training has few loops for all the work that is in them, and may allocate.</summary>
/// <param name="range">Does the indices [begin, end).</param>
internal sealed class LoopBody(Action<int, int> range) : IParallelBody
{
    /// <param name="each">Does one index.</param>
    public LoopBody(Action<int> each)
        : this((begin, end) =>
        {
            for (int i = begin; i < end; i++)
                each(i);
        })
    {
    }

    public void Execute(int begin, int end, int worker) => range(begin, end);
}
