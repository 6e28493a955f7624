namespace Neuralink.Placement.Evaluation;

/// <summary>What one layer costs at one token: the mean of the layers' own figures, each layer counting alike however much it reads.</summary>
/// <param name="ReadsPerToken">Reads.</param>
/// <param name="MeanReadBundles">Bundles of a read, of the layers that read at all; 0 if none does.</param>
/// <param name="ReadPerUsed">Bytes read over bytes used, of the layers that read at all; 1 if none does.</param>
/// <param name="MicrosPerToken">Microseconds of the device.</param>
public sealed record LayerMeans(double ReadsPerToken, double MeanReadBundles, double ReadPerUsed, double MicrosPerToken)
{
    /// <param name="layers">The sums of each layer, at least one.</param>
    /// <param name="tokenCount">The tokens that they are sums over, at least 1.</param>
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
