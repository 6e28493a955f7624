using Neuralink.Storage.Image;

namespace Neuralink.Cli.Images;

/// <summary>The statistics of a placement in words.</summary>
internal static class StatisticsText
{
    public static string Of(PlacementStatistics s) =>
        $"{s.ReadsPerToken:0.0} reads of {s.MeanReadBundles:0.00} bundles, {s.BytesReadPerByteUsed:0.00} bytes read per byte used, {s.MillisPerToken:0.000} ms";
}
