using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Ordering;

/// <summary>Orders the neurons of all layers of a model, layers in parallel, within a bound on memory.</summary>
public static class ModelOrdering
{
    /// <summary>Orders every layer. The result depends neither on the number of threads nor on the bound.</summary>
    /// <param name="layerCount">The number of layers of the model.</param>
    /// <param name="layer">Loads the trace of a layer. It is called once for each layer, in any order and on several threads.</param>
    /// <param name="options">The method, what it optimises for, threads and memory.</param>
    /// <param name="time">Measures how long the stages take.</param>
    /// <param name="progress">Receives the share of layers that are done, ascending to 1.</param>
    /// <param name="cancellation">Ends the work with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>An order for each layer, and the time that the stages took.</returns>
    public static ModelOrder Order(
        int layerCount,
        Func<LayerIndex, ActivationMatrix> layer,
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
        // Each thread takes one layer at a time, because layers may differ much in the time they take.
        OrderablePartitioner<int> layers = Partitioner.Create(Enumerable.Range(0, layerCount), EnumerablePartitionerOptions.NoBuffering);
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = options.Threads, CancellationToken = cancellation };
        try
        {
            Parallel.ForEach(layers, parallel, index =>
            {
                (int[] neuronOfSlot, OrderingTimes layerTimes) =
                    OrderOne(new LayerIndex(index), layer, options, time, gate, pool, cancellation);
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
            // The caller wants the failure itself, not the fact that it happened on a thread.
            ExceptionDispatchInfo.Throw(failure.InnerExceptions[0]);
        }
        return new ModelOrder(orders, times);
    }

    private static (int[] NeuronOfSlot, OrderingTimes Times) OrderOne(
        LayerIndex index,
        Func<LayerIndex, ActivationMatrix> layer,
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
            ActivationMatrix active = layer(index);
            long bytes = LayerOrdering.BytesOf(active, options);
            gate.EnterToWork(reservedBytes, bytes);
            (reservedBytes, working) = (bytes, true);
            return LayerOrdering.Order(active, options, pool, time, cancellation);
        }
        finally
        {
            gate.Leave(reservedBytes, working);
        }
    }
}

/// <summary>An order for each layer, and the processor time that the stages took for all layers together.</summary>
public sealed record ModelOrder(IReadOnlyList<Permutation> Layers, OrderingTimes Times);

/// <summary>Processor time by stage. For several layers it is the sum, not the time that passed.</summary>
/// <param name="Counting">Counting at how many tokens neurons fire together.</param>
/// <param name="Sorting">Choosing the strongest pairs and sorting them.</param>
/// <param name="Linking">Joining neurons to one path.</param>
/// <param name="Rearranging">Making the reads of the linked order cheaper, and checking whether they are.</param>
public readonly record struct OrderingTimes(TimeSpan Counting, TimeSpan Sorting, TimeSpan Linking, TimeSpan Rearranging = default)
{
    /// <summary>The time of all stages.</summary>
    public TimeSpan Total => Counting + Sorting + Linking + Rearranging;

    /// <summary>Adds stage by stage.</summary>
    public static OrderingTimes operator +(OrderingTimes a, OrderingTimes b) =>
        new(a.Counting + b.Counting, a.Sorting + b.Sorting, a.Linking + b.Linking, a.Rearranging + b.Rearranging);
}
