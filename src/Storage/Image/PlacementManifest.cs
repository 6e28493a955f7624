using Neuralink.Storage.Profiles;

namespace Neuralink.Storage.Image;

/// <summary>
/// How the neurons were put in order on flash, and what that order was worth when it was made. Null is written, not left out.
/// </summary>
/// <param name="Method">"identity" is the model's own order.</param>
/// <param name="Seed">Of a method that chooses by chance; null for one that does not.</param>
/// <param name="Trace">The trace that the order was made from and measured on; a method that needs none can be measured
/// too. Null without one.</param>
/// <param name="Statistics">What reading in this order costs on that trace; null without one.</param>
/// <param name="ReadCost">The device that <see cref="PlacementStatistics.MillisPerToken"/> is for; null without statistics.</param>
public sealed record PlacementManifest(
    string Method, int? Seed, PlacementTrace? Trace, PlacementStatistics? Statistics, PlacementReadCost? ReadCost)
{
    /// <summary>The model's own order, as it is packed.</summary>
    public static PlacementManifest Identity { get; } = new("identity", Seed: null, Trace: null, Statistics: null, ReadCost: null);
}

/// <summary>The trace that an order was made from.</summary>
/// <param name="Sha256">Of the trace's file, in lower-case hexadecimal.</param>
/// <param name="TokenCount">Tokens it holds.</param>
/// <param name="Texts">What was traced, for people: the names of the texts.</param>
public sealed record PlacementTrace(string Sha256, int TokenCount, string Texts);

/// <summary>What reading the fired neurons costs, averaged over an image's layers on the training trace, with nothing cached.</summary>
/// <param name="ReadsPerToken">Reads of one layer for one token.</param>
/// <param name="MeanReadBundles">Mean length of a read, in bundles.</param>
/// <param name="BytesReadPerByteUsed">Bytes read for each byte of a neuron that fired: 1 is without waste.</param>
/// <param name="MillisPerToken">Milliseconds that one layer's reads for one token take.</param>
public sealed record PlacementStatistics(double ReadsPerToken, double MeanReadBundles, double BytesReadPerByteUsed, double MillisPerToken);

/// <summary>The read cost that statistics were reckoned with.</summary>
/// <param name="Device">The profile's name.</param>
/// <param name="Reads">Its curve, by ascending size.</param>
public sealed record PlacementReadCost(string Device, IReadOnlyList<DeviceRead> Reads);
