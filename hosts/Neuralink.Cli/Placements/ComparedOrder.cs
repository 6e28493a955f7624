using Neuralink.Placement;

namespace Neuralink.Cli.Placements;

/// <summary>An order that is compared.</summary>
/// <param name="Name">The method's, or what an image's order is called.</param>
/// <param name="Layers">The order of each layer.</param>
/// <param name="OrderingSeconds">What it took to make; null for one that was there.</param>
internal sealed record ComparedOrder(string Name, Func<LayerIndex, Permutation> Layers, double? OrderingSeconds);
