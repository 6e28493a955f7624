using System.CommandLine;
using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Placement.Caching;
using Neuralink.Studies.Measuring;

namespace Neuralink.Cli.Measuring;

/// <summary>A list of the command line that is a dimension of the bench: the option, and what a value of it means.</summary>
/// <param name="Option">The option.</param>
/// <param name="Bind">The dimension; null where the option is not given.</param>
internal sealed record BenchList(Option Option, Func<ParseResult, BenchDimension?> Bind)
{
    /// <summary>The dimension that models are.</summary>
    public const string Model = "model";

    /// <summary>The dimensions of how an engine is opened, by the words that <c>generate</c> has for them.</summary>
    public static IReadOnlyList<BenchList> OfEngine() =>
    [
        Of(
            TypedOption.ListOf("--strategy", "As of generate [default: what suits the model]", OptionWords.Strategies),
            (setup, strategy) => setup with { Strategy = strategy }),
        Engine(
            TypedOption.ListOf<CacheSize>(
                ["--cache"], "SIZE", "FFN neurons kept in DRAM [default: what --memory leaves, or without it 10%]",
                "shares of at most 100% such as 10% or 0.1, or bytes with a unit such as 512MiB", ValueReaders.Cache),
            (engine, cache) => engine with { Cache = cache }),
        Engine(
            TypedOption.ListOf<CachePolicyKind>("--cache-policy", "As of generate [default: the strategy's]", OptionWords.CachePolicies),
            (engine, policy) => engine with { CachePolicy = CacheOptions.Of(policy) }),
        Engine(
            TypedOption.ListOf<long>(
                ["--memory"], "BYTES", "Budget for all native memory [default: what the other options need]",
                "numbers of bytes such as 64MiB", ValueReaders.Bytes),
            (engine, bytes) => engine with { MemoryBytes = bytes }),
        Of(
            Integers(["--queue-depth"], "Reads in flight [default: the device profile's, or 16]"),
            (setup, depth) => setup with { QueueDepth = depth, Engine = setup.Engine with { QueueDepth = depth } }),
        Of(
            TypedOption.ListOf("--io", "As of generate [default: the device profile's, or direct]", OptionWords.Io),
            (setup, io) => setup with { Io = io }),
        Engine(
            TypedOption.ListOf<long>(
                ["--gap"], "BYTES", "Read through gaps of up to this many bytes [default: as the device's reads cost]",
                "numbers of bytes such as 16KiB", ValueReaders.Bytes),
            (engine, bytes) => engine with { CollapseGapBytes = (int)Math.Min(bytes, int.MaxValue) }),
        Engine(
            Integers(["--threads", "-t"], "Threads that compute [default: the processors there are]"),
            (engine, threads) => engine with { Threads = threads }),
        Engine(Predictors("--predictor", "As of generate [default: exact]"), (engine, kind) => engine with { Predictor = kind }),
        Engine(
            Predictors("--lookahead", "As of generate [default: a trained one, or a sketch]"),
            (engine, kind) => engine with { Lookahead = kind }),
        Engine(
            Integers(["--ahead"], "How many layers are looked ahead [default: 1]"),
            (engine, layers) => engine with { LookaheadLayers = layers }),
        Engine(
            Integers(["--sequences"], "Texts that run at once [default: 1]"),
            (engine, sequences) => engine with { SequencesMax = sequences }),
    ];

    /// <summary>--model, whose values are found as of all commands.</summary>
    /// <param name="option">The option.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="reading">How an unpacked model is read.</param>
    /// <param name="surroundings">Where the bundled model and the cache are.</param>
    /// <param name="cancellation">Ends the fetching and packing.</param>
    public static BenchDimension BindModels(
        Option<IReadOnlyList<Choice<string>>?> option, ParseResult parsed, ModelReading reading, Surroundings surroundings,
        CancellationToken cancellation)
    {
        List<BenchChoice> choices = [];
        foreach (string? model in parsed.GetValue(option)?.Select(m => m.Value) ?? [null])
        {
            string folder = ModelLocator.FolderOf(model, reading, surroundings, cancellation);
            LocatedModel located = ModelLocator.Store(surroundings).Locate(folder, reading, cancellation);      // packed before the timing
            choices.Add(new BenchChoice(located.Name, setup => setup with { Folder = folder }));
        }
        return new BenchDimension(Model, choices);
    }

    private static Option<IReadOnlyList<Choice<int>>?> Integers(ReadOnlySpan<string> names, string description) =>
        TypedOption.ListOf<int>(names, "N", description, "integers", ValueReaders.Integer);

    private static Option<IReadOnlyList<Choice<PredictorOptions>>?> Predictors(string name, string description) =>
        TypedOption.ListOf<PredictorOptions>(
            [name], "KIND", description, "exact, low-rank, low-rank=FILE, svd, svd=FILE, sketch, sketch=BITS or oracle=TRACE",
            ValueReaders.Predictor);

    private static BenchList Engine<T>(Option<IReadOnlyList<Choice<T>>?> option, Func<EngineOptions, T, EngineOptions> apply) =>
        Of(option, (setup, value) => setup with { Engine = apply(setup.Engine, value) });

    private static BenchList Of<T>(Option<IReadOnlyList<Choice<T>>?> option, Func<ModelSetup, T, ModelSetup> apply)
    {
        string name = option.Name.TrimStart('-').Replace('-', ' ');
        return new BenchList(option, parsed => parsed.GetValue(option) is { } list
            ? new BenchDimension(name, [.. list.Select(c => new BenchChoice(c.Word, setup => apply(setup, c.Value)))])
            : null);
    }
}
