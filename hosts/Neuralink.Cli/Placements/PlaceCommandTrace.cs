using System.Runtime.ExceptionServices;
using Neuralink.Placement;
using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Image;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Placements;

/// <summary>The trace that an image is placed with: whether it says enough, and what an order costs on it.</summary>
internal sealed class PlaceCommandTrace(FiringTrace trace, EvaluationSetup setup)
{
    // Pairs are told apart by how often they fire together. A neuron that fires fewer than eight times has so few firings to share that chance
    // decides which other shares most of them; and below a thousand tokens that is so for any neuron which fires at less than 0.8% of them.
    private const int TokensMin = 1000, FiringsMin = 8;

    /// <summary>What a user is told about a trace too short to say which neurons fire together, or null.</summary>
    public string? Shortness(CancellationToken cancellation)
    {
        string few = trace.Info.TokenCount < TokensMin
            ? $"fewer than {TokensMin}"
            : MedianFirings(cancellation) is < FiringsMin and int median ? $"at which the median neuron fires {median} times, fewer than {FiringsMin}" : "";
        return few.Length == 0
            ? null
            : $"{trace.Path} has {trace.Info.TokenCount} tokens, {few}: too few to say which neurons fire together; the order will be close to frequency";
    }

    /// <summary>What an order costs, as a mean over layers.</summary>
    public PlacementStatistics Measure(Func<LayerIndex, Permutation> orderOf, IProgress<double> progress, CancellationToken cancellation)
    {
        ReadTotals totals = default;
        int done = 0;
        Lock sums = new();
        EachLayer(
            (layer, firing) =>
            {
                ReadTotals layerTotals = OrderEvaluation.Of(firing, orderOf(layer), setup);
                lock (sums)
                {
                    totals += layerTotals;
                    progress.Report(++done / (double)trace.Info.LayerCount);
                }
            },
            cancellation);
        double layerTokens = (double)trace.Info.LayerCount * trace.Info.TokenCount;
        return new PlacementStatistics(totals.Reads / layerTokens, totals.MeanReadBundles, totals.ReadPerUsed, totals.Micros / 1000 / layerTokens);
    }

    // Of the neurons that fire at all, in all layers.
    private int MedianFirings(CancellationToken cancellation)
    {
        List<int> firings = [];
        EachLayer(
            (_, firing) =>
            {
                IEnumerable<int> fired = firing.Frequencies().Where(count => count > 0);
                lock (firings)
                    firings.AddRange(fired);
            },
            cancellation);
        firings.Sort();
        return firings.Count == 0 ? 0 : firings[firings.Count / 2];
    }

    private void EachLayer(Action<LayerIndex, FiringMatrix> visit, CancellationToken cancellation)
    {
        try
        {
            Parallel.For(0, trace.Info.LayerCount, new ParallelOptions { CancellationToken = cancellation }, i =>
            {
                LayerIndex layer = new(i);
                visit(layer, trace.Layer(layer));
            });
        }
        catch (AggregateException error)
        {
            ExceptionDispatchInfo.Throw(error.InnerExceptions[0]);
        }
    }
}
