using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Ordering;

/// <summary>Orders the neurons of all layers of a model, layers in parallel, within a bound on memory.</summary>
public static class ModelOrdering
{
    /// <summary>Orders every layer. The result depends neither on the number of threads nor on the bound.</summary>
    /// <param name="layerCount">Layers of the model.</param>
    /// <param name="layer">Gives the trace of a layer, once each, in no certain order and from several threads.</param>
    /// <param name="options">The method, what it is to optimise, threads and memory.</param>
    /// <param name="time">To tell how long the stages take.</param>
    /// <param name="progress">Receives the share of layers that are done, ascending to 1.</param>
    /// <param name="cancellation">Ends the work with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>An order for each layer, and the time that the stages took.</returns>
    public static ModelOrder Order(
        int layerCount,
        Func<LayerIndex, FiringMatrix> layer,
        OrderingOptions options,
        TimeProvider time,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layerCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1, nameof(options));
        Permutation[] orders = new Permutation[layerCount];
        OrderingTimes times = default;
        int done = 0;
        MemoryGate gate = new(options.MemoryBytesMax);
        ArrayPool<int> pool = ArrayPool<int>.Create(Array.MaxLength, options.Threads);
        // Each thread takes one layer at a time, for they may differ much in what they cost.
        OrderablePartitioner<int> layers = Partitioner.Create(Enumerable.Range(0, layerCount), EnumerablePartitionerOptions.NoBuffering);
        try
        {
            Parallel.ForEach(layers, new ParallelOptions { MaxDegreeOfParallelism = options.Threads, CancellationToken = cancellation }, index =>
            {
                (int[] neuronOfSlot, OrderingTimes layerTimes) = OrderOne(new LayerIndex(index), layer, options, time, gate, pool, cancellation);
                lock (orders)
                {
                    orders[index] = Permutation.Of(neuronOfSlot);
                    times += layerTimes;
                    progress?.Report(++done / (double)layerCount);
                }
            });
        }
        catch (AggregateException failure)
        {
            // What failed is of interest, not that it did so on a thread.
            ExceptionDispatchInfo.Throw(failure.InnerExceptions[0]);
        }
        return new ModelOrder(orders, times);
    }

    private static (int[] NeuronOfSlot, OrderingTimes Times) OrderOne(
        LayerIndex index,
        Func<LayerIndex, FiringMatrix> layer,
        OrderingOptions options,
        TimeProvider time,
        MemoryGate gate,
        ArrayPool<int> pool,
        CancellationToken cancellation)
    {
        long reservedBytes = gate.EnterToLoad();
        bool working = false;
        try
        {
            cancellation.ThrowIfCancellationRequested();
            FiringMatrix firing = layer(index);
            long bytes = LayerOrdering.BytesOf(firing, options);
            gate.EnterToWork(reservedBytes, bytes);
            (reservedBytes, working) = (bytes, true);
            return LayerOrdering.Order(firing, options, pool, time, cancellation);
        }
        finally
        {
            gate.Leave(reservedBytes, working);
        }
    }
}

/// <summary>An order for each layer, and the processor time that the stages took, of all layers together.</summary>
public sealed record ModelOrder(IReadOnlyList<Permutation> Layers, OrderingTimes Times);
