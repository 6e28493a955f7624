namespace Neuralink.Benchmarks.Kernels;

/// <summary>One thing measured: a pass over weights through a worker pool.</summary>
internal interface IKernelCase
{
    /// <summary>What the table calls it.</summary>
    public string Name { get; }

    /// <summary>Bytes of weights that one pass reads.</summary>
    public long BytesRead { get; }

    /// <summary>Products of a pass, so that matrices of other formats can be compared by time; 1 where that says nothing.</summary>
    public int Products => 1;

    /// <summary>Runs one pass.</summary>
    public void Pass(WorkerPool pool);
}
