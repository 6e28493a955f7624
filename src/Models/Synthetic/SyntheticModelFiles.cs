using System.Collections.Immutable;
using System.Text;
using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers;
using Neuralink.Storage;

namespace Neuralink.Models.Synthetic;

/// <summary>What a synthetic model's folder holds beside its weights. Each file says that the model's text means nothing.</summary>
internal static class SyntheticModelFiles
{
    public const string Warning = "Synthetic weights: the text this model writes means nothing. It is for measuring I/O and compute.";

    /// <summary>For the weights' header.</summary>
    public static IReadOnlyDictionary<string, string> Metadata { get; } =
        ImmutableDictionary.CreateRange(
            StringComparer.Ordinal, [KeyValuePair.Create("format", "pt"), KeyValuePair.Create("comment", Warning)]);

    /// <summary>Whether a folder holds a synthetic model.</summary>
    public static bool AreIn(string folder)
    {
        string path = Path.Combine(folder, "config.json");
        return File.Exists(path) && File.ReadAllText(path).Contains(Warning, StringComparison.Ordinal);
    }

    /// <exception cref="NeuralinkException">The tokenizer cannot be read, or the disk refuses.</exception>
    public static void Write(string folder, SyntheticShape shape, SyntheticModelOptions options)
    {
        Tokenizer tokenizer = Tokenizer.Load(options.TokenizerPath);
        ModelConfig config = shape.Config with
        {
            EndTokens = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsSpecial).Take(1)],
        };
        SyncedFile.Write(Path.Combine(folder, "config.json"), SyntheticConfigFile.Write(config, Warning));
        SyncedFile.Write(Path.Combine(folder, "tokenizer.json"), File.ReadAllBytes(options.TokenizerPath));
        SyncedFile.Write(Path.Combine(folder, "README.md"), Encoding.UTF8.GetBytes(Readme(shape, options.Seed)));
    }

    private static string Readme(SyntheticShape shape, ulong seed) => FormattableString.Invariant($"""
        # {shape.Digest(seed)}
        {Warning}

        It has the shape of {shape.Description} with {shape.Config.LayerCount} layers, and random weights made by
        `neuralink synth {shape.Name} --seed {seed}`. A mean share of {shape.Share:0.0%} of a layer's neurons isActive at a token, in
        overlapping clusters of unequal popularity, in shuffled order; {shape.EightyShare:0%} of the neurons make 80% of the activations.
        The tokenizer is another model's, and ids beyond it are never generated.

        """);
}
