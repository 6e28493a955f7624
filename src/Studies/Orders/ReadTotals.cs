namespace Neuralink.Studies.Orders;

/// <summary>The reads of some tokens' neurons. These are sums: those of all layers add up to those of the model.</summary>
/// <param name="Reads">Reads, after access collapse.</param>
/// <param name="WantedBundles">Bundles of active neurons that were not cached.</param>
/// <param name="ReadBundles">Bundles read, including those in bridged gaps.</param>
/// <param name="Micros">Microseconds that the device takes.</param>
public readonly record struct ReadTotals(long Reads, long WantedBundles, long ReadBundles, double Micros)
{
    /// <summary>Mean bundles of a read; 0 without reads.</summary>
    public double MeanReadBundles => Reads == 0 ? 0 : (double)ReadBundles / Reads;

    /// <summary>Bytes read over bytes used; 1 without reads.</summary>
    public double ReadPerUsed => WantedBundles == 0 ? 1 : (double)ReadBundles / WantedBundles;

    public static ReadTotals operator +(ReadTotals a, ReadTotals b) =>
        new(a.Reads + b.Reads, a.WantedBundles + b.WantedBundles, a.ReadBundles + b.ReadBundles, a.Micros + b.Micros);
}

/// <summary>What one layer costs at one token: the mean over the layers. Each layer has the same weight, however much it reads.</summary>
/// <param name="ReadsPerToken">Reads.</param>
/// <param name="MeanReadBundles">Bundles of a read, averaged over the layers that read at all; 0 if none does.</param>
/// <param name="ReadPerUsed">Bytes read over bytes used, averaged over the layers that read at all; 1 if none does.</param>
/// <param name="MicrosPerToken">Microseconds that the device takes.</param>
public sealed record LayerMeans(double ReadsPerToken, double MeanReadBundles, double ReadPerUsed, double MicrosPerToken)
{
    /// <param name="layers">The sums of each layer, at least one.</param>
    /// <param name="tokenCount">The number of tokens that were summed over, at least 1.</param>
    public static LayerMeans Of(IReadOnlyCollection<ReadTotals> layers, int tokenCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokenCount, 1);
        ReadTotals[] reading = [.. layers.Where(layer => layer.Reads > 0)];
        return new LayerMeans(
            layers.Average(layer => (double)layer.Reads) / tokenCount,
            reading.Length == 0 ? 0 : reading.Average(layer => layer.MeanReadBundles),
            reading.Length == 0 ? 1 : reading.Average(layer => layer.ReadPerUsed),
            layers.Average(layer => layer.Micros) / tokenCount);
    }
}
