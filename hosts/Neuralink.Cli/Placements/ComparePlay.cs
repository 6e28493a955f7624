using Neuralink.Cli.Traces;
using Neuralink.Placement;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Ordering;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Placements;

/// <summary>Plays a trace through every cache and order, a layer loaded once for all of them, and finds what no order could beat.</summary>
internal sealed class ComparePlay(
    IReadOnlyList<ComparedOrder> orders, IReadOnlyList<double> cachedShares, int strideBytes, ReadCost cost, long memoryBytesMax)
{
    // Beside a layer's bits, the bound takes those that a cache misses and lists of them: at the densest published
    // share, 32 bits for each eighth bit.
    private const int LayerCopies = 6;

    public IReadOnlyList<CacheReport> Play(FiringTrace test, IProgress<double> progress, CancellationToken cancellation)
    {
        EvaluationSetup[] setups =
        [
            .. cachedShares.Select(share => new EvaluationSetup { StrideBytes = strideBytes, Cost = cost, CachedShare = share })
        ];
        int layers = test.Info.LayerCount;
        ReadTotals[][][] totals = [.. setups.Select(_ => orders.Select(_ => new ReadTotals[layers]).ToArray())];
        OrderBound[][] bounds = [.. setups.Select(_ => new OrderBound[layers])];
        TraceLayers.Visit(test, TraceLayers.ThreadsWithin(test, memoryBytesMax, LayerCopies), Visit, progress, cancellation);
        return [.. setups.Select((setup, s) => Report(setup.CachedShare, totals[s], bounds[s], test.Info.TokenCount))];

        void Visit(LayerIndex layer, FiringMatrix firing)
        {
            for (int s = 0; s < setups.Length; s++)
            {
                for (int o = 0; o < orders.Count; o++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    totals[s][o][layer.Value] = OrderEvaluation.Of(firing, orders[o].Layers(layer), setups[s]);
                }
                bounds[s][layer.Value] = OrderBound.Of(firing, setups[s]);
            }
        }
    }

    private CacheReport Report(double share, ReadTotals[][] totals, OrderBound[] bounds, int tokenCount)
    {
        LayerMeans[] means = [.. totals.Select(layers => LayerMeans.Of(layers, tokenCount))];
        string identity = PlaceCommandSettings.NameOf(PlacementMethod.Identity);
        double identityMicros = means[orders.Index().First(o => o.Item.Name == identity).Index].MicrosPerToken;
        double boundReads = bounds.Average(b => (double)b.Reads) / tokenCount, boundMicros = bounds.Average(b => b.Micros) / tokenCount;
        return new CacheReport(
            share,
            [
                .. orders.Zip(means, (order, m) => new OrderFigures(
                    order.Name, m.ReadsPerToken, m.MeanReadBundles, m.ReadPerUsed, m.MicrosPerToken / 1000, OfIdentity(m.MicrosPerToken))),
            ],
            new BoundFigures(boundReads, boundMicros / 1000, OfIdentity(boundMicros)));

        // Where nothing is read, all orders are alike.
        double OfIdentity(double micros) => identityMicros > 0 ? micros / identityMicros : 1;
    }
}
