namespace Neuralink.Studies.Measuring;

/// <summary>What a bench runs: every variant under every protocol in every test.</summary>
public sealed record BenchSetup
{
    /// <summary>Runs of each combination that are not counted: code is compiled and memory backed by them.</summary>
    public const int WarmUps = 2;

    /// <summary>Ways to open an engine; the first that opens is the baseline.</summary>
    public required IReadOnlyList<BenchVariant> Variants { get; init; }

    /// <summary>What is in memory when a run begins.</summary>
    public required IReadOnlyList<BenchProtocol> Protocols { get; init; }

    /// <summary>What is timed.</summary>
    public required IReadOnlyList<BenchTest> Tests { get; init; }

    /// <summary>Runs that are counted, of each combination.</summary>
    public required int Repetitions { get; init; }

    /// <summary>What prompts are cut from; null draws their tokens by chance.</summary>
    public BenchSource? Source { get; init; }

    /// <summary>
    /// Engines stay open beside each other up to so many bytes of native memory. Beyond, each is opened for its run, warm-ups and all.
    /// Default: half of what the process may have, since the page cache of others is memory too.
    /// </summary>
    public long EngineBytesMax { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
}

/// <summary>A way to open an engine.</summary>
/// <param name="Setup">The model, and how it is opened.</param>
/// <param name="Given">What was chosen of each dimension, in words, by the dimension's name.</param>
public sealed record BenchVariant(ModelSetup Setup, IReadOnlyDictionary<string, string> Given)
{
    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Given.Select(choice => $"{choice.Key} {choice.Value}"));
}

/// <summary>What a bench varies: a list of choices.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Choices">At least one.</param>
public sealed record BenchDimension(string Name, IReadOnlyList<BenchChoice> Choices)
{
    /// <summary>Every combination, the last dimension's choices changing fastest.</summary>
    /// <param name="start">What the dimensions do not say.</param>
    /// <param name="dimensions">The dimensions.</param>
    public static IReadOnlyList<BenchVariant> Combine(ModelSetup start, IEnumerable<BenchDimension> dimensions)
    {
        IEnumerable<BenchVariant> variants = [new BenchVariant(start, new Dictionary<string, string>(StringComparer.Ordinal))];
        foreach (BenchDimension dimension in dimensions)
            variants = variants.SelectMany(variant => dimension.Choices.Select(choice => With(variant, dimension.Name, choice)));
        return [.. variants];
    }

    private static BenchVariant With(BenchVariant variant, string name, BenchChoice choice) => new(
        choice.Apply(variant.Setup),
        new Dictionary<string, string>(variant.Given, StringComparer.Ordinal) { [name] = choice.Word });
}

/// <summary>One choice of a dimension.</summary>
/// <param name="Word">As it was written.</param>
/// <param name="Apply">Makes it.</param>
public sealed record BenchChoice(string Word, Func<ModelSetup, ModelSetup> Apply);
