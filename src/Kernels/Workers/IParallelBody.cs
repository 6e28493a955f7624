namespace Neuralink.Kernels;

/// <summary>
/// A loop body for <see cref="WorkerPool.Run"/>. An object rather than a delegate, so that a caller keeps one, sets its fields before
/// each run, and a run allocates nothing.
/// </summary>
public interface IParallelBody
{
    /// <summary>
    /// Does the indices [begin, end) as worker <paramref name="worker"/> (0 is the caller of Run). A worker is called several times in a
    /// run, once or never: what it counts, it adds up.
    /// </summary>
    public void Execute(int begin, int end, int worker);
}
