using System.Collections.Immutable;
using Neuralink.Cli.Terminal;
using Neuralink.Placement.Ordering;

namespace Neuralink.Cli.Placements;

/// <summary>What `placement compare` was asked to do.</summary>
internal sealed record CompareSettings
{
    /// <summary>None, and the caches of the Neuralink paper's evaluation (arXiv 2410.19274, 5% in v3, 10% in v1).</summary>
    public static ImmutableArray<double> DefaultCachedShares { get; } = [0, 0.05, 0.1];

    /// <summary>A flash image or a Hugging Face folder; null trusts the training trace.</summary>
    public required string? Model { get; init; }

    public required string Train { get; init; }

    public required IReadOnlyList<string> Tests { get; init; }

    /// <summary>Identity is compared whether it is among them or not.</summary>
    public required IReadOnlyCollection<PlacementMethod> Methods { get; init; }

    public required ImmutableArray<double> CachedShares { get; init; }

    /// <summary>Exchanges that `best` tries, for each neuron.</summary>
    public required int Effort { get; init; }

    public required string? ProfilePath { get; init; }

    public required int Seed { get; init; }

    public required long MemoryBytesMax { get; init; }

    public required bool Json { get; init; }

    /// <summary>What is compared, in the order of rows.</summary>
    public IEnumerable<PlacementMethod> Compared => Methods.Append(PlacementMethod.Identity).Distinct().Order();

    /// <exception cref="UsageException">An option is out of range.</exception>
    public void Validate() => PlaceCommandSettings.RequireInRange(Effort, MemoryBytesMax);

    /// <summary>Reads the name of a method.</summary>
    public static bool ReadMethod(string word, out PlacementMethod method)
    {
        (string? name, method) = PlaceCommandSettings.Methods.FirstOrDefault(m => m.Name.Equals(word, StringComparison.OrdinalIgnoreCase));
        return name is not null;
    }

    /// <summary>Reads a share as `generate` has it.</summary>
    public static bool ReadShare(string word, out double share)
    {
        bool isShare = ValueReaders.Cache(word, out CacheSize size) && size.Share is not null;
        share = size.Share ?? 0;
        return isShare;
    }
}
