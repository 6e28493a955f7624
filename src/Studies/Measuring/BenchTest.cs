namespace Neuralink.Studies.Measuring;

/// <summary>
/// What is timed, as llama-bench has it: pp64 runs a prompt of 64 tokens up to its first token; tg64 generates 64 tokens after a prompt of
/// one.
/// </summary>
/// <param name="PromptTokens">Of a prompt test, else 0.</param>
/// <param name="GeneratedTokens">Of a generation test, else 0.</param>
public readonly record struct BenchTest(int PromptTokens, int GeneratedTokens)
{
    /// <summary>A prompt of so many tokens.</summary>
    public static BenchTest Prompt(int tokens) => new(tokens, 0);

    /// <summary>A text of so many tokens.</summary>
    public static BenchTest Generation(int tokens) => new(0, tokens);

    /// <summary>llama-bench's name for it.</summary>
    public string Name => PromptTokens > 0 ? $"pp{PromptTokens}" : $"tg{GeneratedTokens}";

    /// <summary>Tokens of one text that a rate counts.</summary>
    public int Tokens => PromptTokens + GeneratedTokens;

    /// <summary>Tokens of the prompt that is given.</summary>
    internal int GivenTokens => Math.Max(1, PromptTokens);

    /// <summary>Tokens that are asked for.</summary>
    internal int WantedTokens => Math.Max(1, GeneratedTokens);
}

/// <summary>What is in memory when a run begins.</summary>
public enum BenchProtocol
{
    /// <summary>
    /// Nothing: the engine's cache is emptied before each run, and of buffered reads the page cache as well, where the system lets us.
    /// </summary>
    Cold,

    /// <summary>What the very same text left.</summary>
    Warm,

    /// <summary>What another text left: every run has one of its own.</summary>
    Rotating,
}
