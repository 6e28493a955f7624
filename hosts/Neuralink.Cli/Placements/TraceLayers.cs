using System.Runtime.ExceptionServices;
using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Placements;

/// <summary>Visits a trace's layers in parallel.</summary>
internal static class TraceLayers
{
    /// <param name="trace">The trace.</param>
    /// <param name="threads">Layers in memory at a time.</param>
    /// <param name="visit">Receives each layer once, in no certain order.</param>
    /// <param name="progress">Told the share of layers that are done, ascending to 1.</param>
    /// <param name="cancellation">Ends it after the layers at hand.</param>
    public static void Visit(
        FiringTrace trace, int threads, Action<LayerIndex, FiringMatrix> visit, IProgress<double>? progress, CancellationToken cancellation)
    {
        int done = 0;
        Lock reporting = new();
        try
        {
            Parallel.For(0, trace.Info.LayerCount, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = threads }, i =>
            {
                LayerIndex layer = new(i);
                visit(layer, trace.Layer(layer));
                lock (reporting)
                    progress?.Report(++done / (double)trace.Info.LayerCount);
            });
        }
        catch (AggregateException error)
        {
            // The first layer's error is as good as all of them.
            ExceptionDispatchInfo.Throw(error.InnerExceptions[0]);
        }
    }
}
