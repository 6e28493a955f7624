using System.CommandLine;
using Neuralink.Cli.Terminal;
using Neuralink.Placement.Ordering;
using Neuralink.Storage;

namespace Neuralink.Cli.Placements;

/// <summary>What `place` was asked to do.</summary>
internal sealed record PlaceCommandSettings
{
    /// <summary>The methods by the names that options and manifests have.</summary>
    public static IEnumerable<(string Name, PlacementMethod Method)> Methods { get; } =
        [.. Enum.GetValues<PlacementMethod>().Select(method => (NameOf(method), method))];

    /// <summary>What is taken where an option is not given.</summary>
    public static OrderingOptions Defaults { get; } = new() { Method = default, StrideBytes = default };

    public required string Image { get; init; }

    public required string? TracePath { get; init; }

    public required PlacementMethod Method { get; init; }

    public required string? ProfilePath { get; init; }

    public required int Seed { get; init; }

    /// <summary>Exchanges that `best` tries, for each neuron.</summary>
    public required int Effort { get; init; }

    /// <summary>Null replaces the image itself.</summary>
    public required string? Output { get; init; }

    public required bool Force { get; init; }

    public required long MemoryBytesMax { get; init; }

    public string MethodName => NameOf(Method);

    /// <summary>Whether the order comes from a trace.</summary>
    public bool NeedsTrace => IsByTrace(Method);

    /// <summary>The seed, of a method that chooses by chance.</summary>
    public int? SeedUsed => Method is PlacementMethod.Identity or PlacementMethod.Frequency or PlacementMethod.Neuralink ? null : Seed;

    /// <exception cref="UsageException">The options contradict each other.</exception>
    public void Validate()
    {
        if (NeedsTrace && TracePath is null)
            throw new UsageException($"--trace: expected a trace for --method {MethodName}, found none; make one with 'neuralink trace'");
        if (ProfilePath is not null && TracePath is null)
            throw new UsageException("--profile: expected a trace to go with it (--trace), found none");
        if (Force && Output is null)
            throw new UsageException("--force: expected another image to write (-o IMG2), found none; IMG is replaced without it");
        RequireInRange(Effort, MemoryBytesMax);
    }

    /// <summary>--seed of `place` and `placement compare`.</summary>
    /// <param name="which">The methods that it is for.</param>
    public static Option<int?> SeedOption(string which) => TypedOption.Of<int>(
        ["--seed"], "N", $"Of {which} by chance [default: {Defaults.Seed}]", "an integer", ValueReaders.Integer);

    /// <summary>--memory of both: it bounds the counting.</summary>
    public static Option<long?> MemoryOption() => CommonOptions.Memory(
        $"Bound of what is counted at a time, e.g. 1GiB [default: {ByteSize.Format(Defaults.MemoryBytesMax)}]", "1GiB");

    /// <summary>How long `best` searches.</summary>
    public static Option<int?> EffortOption() => TypedOption.Of<int>(
        ["--effort"], "N",
        "Exchanges of two neurons that 'best' tries, for each neuron; more find cheaper reads, slowly; where neurons are so large that "
        + $"gaps hardly pay, best is neuralink [default: {Defaults.StepsPerNeuron}]",
        "an integer", ValueReaders.Integer);

    /// <exception cref="UsageException">The effort is negative, or there is no memory.</exception>
    public static void RequireInRange(int effort, long memoryBytesMax)
    {
        if (effort < 0)
            throw new UsageException($"--effort: expected 0 or more, found {effort}");
        if (memoryBytesMax < 1)
            throw new UsageException($"--memory: expected at least one byte, found {ByteSize.Format(memoryBytesMax)}");
    }

    /// <summary>Whether a method's order comes from a trace.</summary>
    public static bool IsByTrace(PlacementMethod method) => method is not (PlacementMethod.Identity or PlacementMethod.Random);

    /// <summary>A method by the name that options and manifests have.</summary>
    public static string NameOf(PlacementMethod method) => method.ToString().ToLowerInvariant();
}
