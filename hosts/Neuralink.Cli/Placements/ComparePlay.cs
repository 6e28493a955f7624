using Neuralink.Cli.Traces;
using Neuralink.Placement;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Ordering;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Traces;
using Neuralink.Studies.Orders;

namespace Neuralink.Cli.Placements;

/// <summary>Plays a trace through every cache and order, a layer loaded once for all of them, and finds what no order could beat.</summary>
internal sealed class ComparePlay(
    IReadOnlyList<ComparedOrder> orders, IReadOnlyList<double> cachedShares, int strideBytes, ReadCost cost, long memoryBytesMax)
{
    // Beside a layer's bits, the bound takes those that a cache misses and lists of them: at the densest published
    // share, 32 bits for each eighth bit.
    private const int LayerCopies = 6;

    public IReadOnlyList<CacheReport> Play(ActivationTrace test, IProgress<double> progress, CancellationToken cancellation)
    {
        EvaluationSetup setup = new() { StrideBytes = strideBytes, Cost = cost };
        int layers = test.Info.LayerCount;
        ReadTotals[][][] totals = [.. cachedShares.Select(_ => orders.Select(_ => new ReadTotals[layers]).ToArray())];
        OrderBound[][] bounds = [.. cachedShares.Select(_ => new OrderBound[layers])];
        TraceLayers.Visit(test, TraceLayers.ThreadsWithin(test, memoryBytesMax, LayerCopies), Visit, progress, cancellation);
        return [.. cachedShares.Select((share, s) => Report(share, totals[s], bounds[s], test.Info.TokenCount))];

        void Visit(LayerIndex layer, ActivationMatrix active)
        {
            for (int s = 0; s < cachedShares.Count; s++)
            {
                // What the cache misses is the same in all orders, so all but the first play just that.
                (totals[s][0][layer.Value], ActivationMatrix missed) =
                    OrderStudy.Of(active, orders[0].Layers(layer), setup, cachedShares[s]);
                for (int o = 1; o < orders.Count; o++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    (totals[s][o][layer.Value], _) = OrderStudy.Of(missed, orders[o].Layers(layer), setup, cachedShare: 0);
                }
                bounds[s][layer.Value] = OrderBound.Of(missed, setup);
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
