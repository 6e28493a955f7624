using System.Runtime.ExceptionServices;
using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Traces;

/// <summary>Visits a trace's layers in parallel.</summary>
internal static class TraceLayers
{
    /// <summary>How many layers may be in memory at a time, one at least.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="memoryBytesMax">For all of them.</param>
    /// <param name="copies">What a visit takes, as a multiple of the layer's bits.</param>
    public static int ThreadsWithin(ActivationTrace trace, long memoryBytesMax, int copies = 1) =>
        (int)Math.Clamp(memoryBytesMax / (trace.Info.DataBytes / trace.Info.LayerCount * copies), 1, Environment.ProcessorCount);

    /// <summary>Visits every layer.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="threads">Layers in memory at a time.</param>
    /// <param name="visit">Receives each layer once, in no certain order.</param>
    /// <param name="progress">Told the share of layers that are done, ascending to 1.</param>
    /// <param name="cancellation">Ends it after the layers at hand.</param>
    public static void Visit(
        ActivationTrace trace, int threads, Action<LayerIndex, ActivationMatrix> visit, IProgress<double> progress,
        CancellationToken cancellation)
    {
        int done = 0;
        Lock reporting = new();
        try
        {
            ParallelOptions parallel = new() { CancellationToken = cancellation, MaxDegreeOfParallelism = threads };
            Parallel.For(0, trace.Info.LayerCount, parallel, i =>
            {
                LayerIndex layer = new(i);
                visit(layer, trace.Layer(layer));
                lock (reporting)
                    progress.Report(++done / (double)trace.Info.LayerCount);
            });
        }
        catch (AggregateException error)
        {
            // The first layer's error is as good as all of them.
            ExceptionDispatchInfo.Throw(error.InnerExceptions[0]);
        }
    }
}
