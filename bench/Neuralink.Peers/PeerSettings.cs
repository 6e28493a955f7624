using Neuralink.Benchmarks;
using Neuralink.Storage;

namespace Neuralink.Peers;

/// <summary>What is compared, and under which limits.</summary>
internal sealed record PeerSettings
{
    // What a .NET process takes besides the engine's native memory, with some room: 66 to 77 MiB were measured in a group of its own.
    private const long ProcessBytes = 96L << 20;

    /// <summary>The flash image that Neuralink runs.</summary>
    public required string Image { get; init; }

    /// <summary>The same model for llama.cpp, or null to leave it out.</summary>
    public required string? Gguf { get; init; }

    /// <summary>Description files of other engines.</summary>
    public required IReadOnlyList<string> Descriptions { get; init; }

    /// <summary>The limit of each process with its part of the page cache, in bytes; null for none.</summary>
    public required long? LimitBytes { get; init; }

    /// <summary>Neuralink's native memory, in bytes; null for what its cache needs.</summary>
    public required long? EngineBytes { get; init; }

    /// <summary>Tokens to generate.</summary>
    public required int Tokens { get; init; }

    public required int Threads { get; init; }

    /// <summary>Runs of each engine.</summary>
    public required int Rounds { get; init; }

    /// <summary>Seconds of the probe; 0 for none.</summary>
    public required int ProbeSeconds { get; init; }

    /// <summary>The text to go on with.</summary>
    public required string Prompt { get; init; }

    /// <summary>Whether each run's model leaves the page cache first.</summary>
    public required bool IsCold { get; init; }

    /// <summary>Whether runs are printed as JSON, a line each.</summary>
    public required bool Json { get; init; }

    /// <exception cref="FormatException">An option is wrong.</exception>
    public static PeerSettings Read(string[] arguments)
    {
        OptionReader options = new("compare", arguments);
        long? limit = Bytes(options, "--limit");
        PeerSettings settings = new()
        {
            Image = options.Text("--image") ?? throw new FormatException("compare: --image IMG is missing"),
            Gguf = options.Text("--gguf"),
            Descriptions = options.All("--peer"),
            LimitBytes = limit,
            EngineBytes = Bytes(options, "--memory") ?? limit - ProcessBytes,
            Tokens = options.Integer("--tokens", 32, min: 2),
            Threads = options.Integer("--threads", Environment.ProcessorCount),
            Rounds = options.Integer("--rounds", 3),
            ProbeSeconds = options.Integer("--probe", 5, min: 0),
            Prompt = options.Text("--prompt", "Once upon a time"),
            IsCold = Word(options, "--page-cache", "cold", "warm") == "cold",
            Json = Word(options, "--output", "md", "jsonl") == "jsonl",
        };
        options.Finish();
        return settings.EngineBytes is null or > 0
            ? settings
            : throw new FormatException(
                $"compare: --limit: expected more than {ByteSize.Format(ProcessBytes)}, what a .NET process takes besides the engine, or "
                + $"--memory BYTES beside it; found {ByteSize.Format(limit!.Value)}");
    }

    private static long? Bytes(OptionReader options, string name) => options.Text(name) is not { } text ? null
        : ByteSize.TryParse(text, out long bytes) && bytes > 0 ? bytes
        : throw new FormatException($"compare: {name}: expected a number of bytes such as 512MiB, found '{text}'");

    private static string Word(OptionReader options, string name, params string[] words) =>
        options.Text(name, words[0]) is { } word && words.Contains(word, StringComparer.Ordinal) ? word
            : throw new FormatException($"compare: {name}: expected {string.Join(" or ", words)}, found '{options.Text(name)}'");
}
