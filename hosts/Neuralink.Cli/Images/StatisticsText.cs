using Neuralink.Storage.Image;

namespace Neuralink.Cli.Images;

/// <summary>The statistics of a placement in words.</summary>
internal static class StatisticsText
{
    public static string Of(PlacementStatistics s) =>
        $"{s.ReadsPerToken:0.0} reads of {s.MeanReadBundles:0.00} bundles, {s.BytesReadPerByteUsed:0.00} bytes read per byte used, "
        + $"{s.MillisPerToken:0.000} ms";

    /// <summary>How they change from one order to another.</summary>
    public static string Change(PlacementStatistics from, PlacementStatistics to) =>
        $"{from.ReadsPerToken:0.0} -> {to.ReadsPerToken:0.0} reads of {from.MeanReadBundles:0.00} -> {to.MeanReadBundles:0.00} bundles, "
        + $"{from.BytesReadPerByteUsed:0.00} -> {to.BytesReadPerByteUsed:0.00} bytes read per byte used, {from.MillisPerToken:0.000} -> "
        + $"{to.MillisPerToken:0.000} ms";
}
