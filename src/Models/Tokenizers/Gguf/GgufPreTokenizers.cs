using Neuralink.Models.Tokenizers.Patterns;
using Neuralink.Models.Tokenizers.PreTokenizers;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Tokenizers.Gguf;

/// <summary>
/// How text is cut into words by the names that llama.cpp gives to pre-tokenizers: patterns that are applied one after the other, each to
/// the pieces that the one before has left. Tests hold every name here against llama.cpp itself; a name that is not here is refused.
/// </summary>
internal static class GgufPreTokenizers
{
    private const string Gpt2Words = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)";
    private const string Punctuation = @"[\p{P}\$\+<=>\^~\|`]+";

    /// <summary>Every way that is known, the most common first.</summary>
    public static IReadOnlyList<Row> Rows { get; } =
    [
        new(["gpt-2", "phi-2", "mpt", "olmo", "jais", "gigachat"], [Gpt2Words]),
        new(["llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral"], [Newer(@"\p{N}{1,3}")]) { IgnoresMerges = true, AddsBos = true },
        new(["dbrx", "smaug-bpe"], [Newer(@"\p{N}{1,3}")]),
        new(["qwen2", "stablelm2", "deepseek-r1-qwen", "megrez"], [Newer(@"\p{N}")]),
        new(["starcoder", "refact", "command-r", "smollm", "codeshell", "exaone"], [@"\p{N}", Gpt2Words]),
        new(["falcon"], [Punctuation, Gpt2Words, "[0-9][0-9][0-9]"]),
        new(["default"], [@"[\p{P}\$\+<=>\^~\|]+", Gpt2Words, @"\p{N}+", "[0-9][0-9][0-9]"]),
    ];

    private static readonly Dictionary<string, Row> s_byName = Rows
        .SelectMany(row => row.Names.Select(name => (name, row))).ToDictionary(pair => pair.name, pair => pair.row, StringComparer.Ordinal);

    /// <summary>Every name that is known.</summary>
    public static IEnumerable<string> Names => s_byName.Keys;

    /// <summary>The pre-tokenizer that the file names. A file that names none means "default", as llama.cpp takes it.</summary>
    /// <exception cref="Neuralink.Storage.NeuralinkException">It is not known.</exception>
    public static Row Of(GgufMetadata metadata)
    {
        string name = metadata.Text(GgufVocabulary.PreKey) ?? "default";
        return s_byName.TryGetValue(name, out Row? row)
            ? row
            : throw metadata.Refuse(
                GgufVocabulary.PreKey, $"one of {string.Join(", ", s_byName.Keys.Order(StringComparer.Ordinal))}", $"\"{name}\"",
                "give the Hugging Face folder of the model, whose tokenizer.json says how it cuts words");
    }

    // Llama-3's pattern, of which Qwen2 changed how many digits stand together.
    private static string Newer(string numbers) =>
        @"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|" + numbers
        + @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>One way to cut words.</summary>
    /// <param name="Names">What llama.cpp calls it, for whatever models.</param>
    /// <param name="Patterns">Each makes pieces of its matches and of what lies between.</param>
    internal sealed record Row(string[] Names, string[] Patterns)
    {
        /// <summary>A word that is a token is that token, whatever the merges make of it.</summary>
        public bool IgnoresMerges { get; init; }

        /// <summary>A text begins with a token unless the file says otherwise.</summary>
        public bool AddsBos { get; init; }

        public IEnumerable<IPreTokenizer> Steps => Patterns.Select(pattern => new SplitStep(Pattern.Parse(pattern)));
    }
}
