using Neuralink.Models.Tokenizers.Gguf;
using Neuralink.Models.ChatTemplates;
using Neuralink.Models.Tokenizers.Json;
using Neuralink.Storage;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Tokenizers.Files;

/// <summary>
/// The files of a tokenizer in a model's folder: tokenizer.json, or else SentencePiece's tokenizer.model, or else vocab.json with
/// merges.txt, or else tokenizer.gguf, which images of GGUF models have; and beside the others what <see cref="TokenizerConfig"/> reads.
/// </summary>
public static class TokenizerFiles
{
    public const string Json = "tokenizer.json";
    public const string SentencePiece = "tokenizer.model";
    public const string Vocabulary = "vocab.json";
    public const string Merges = "merges.txt";
    public const string Gguf = "tokenizer.gguf";

    private static readonly string[] s_forms = [Json, SentencePiece, Vocabulary, Merges, Gguf];

    /// <summary>Every file that may be read: each of them, or its absence, can change the tokens of a text or a conversation.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. s_forms,
        TokenizerConfig.FileName, TokenizerConfig.SpecialTokensFileName, TokenizerConfig.AddedTokensFileName,
        ChatTemplateFiles.Jinja, ChatTemplateFiles.Json,
    ];

    /// <summary>The files of <see cref="All"/> that are read of <paramref name="folder"/>.</summary>
    /// <exception cref="NeuralinkException">It has no tokenizer; the message names what it has.</exception>
    public static IReadOnlyList<string> Find(string folder)
    {
        string[] there = [.. All.Where(name => File.Exists(Path.Combine(folder, name)))];
        string[] form = there.Contains(Json) ? [Json]
            : there.Contains(SentencePiece) ? [SentencePiece]
            : there.Contains(Vocabulary) && there.Contains(Merges) ? [Vocabulary, Merges]
            : there.Contains(Gguf) ? [Gguf]
            : throw MissingFile.Describe(Path.Combine(folder, Json));
        return [.. form, .. there.Where(name => Array.IndexOf(s_forms, name) < 0)];
    }

    /// <param name="path">A tokenizer.json or a GGUF file, which is read by itself, or a folder.</param>
    /// <exception cref="NeuralinkException">There is none, or it cannot be used.</exception>
    internal static TokenizerParts Read(string path)
    {
        if (!Directory.Exists(path))
            return GgufFile.IsGguf(path) ? GgufTokenizerReader.Read(path) : TokenizerJsonReader.Read(path);
        string form = Find(path)[0];
        if (form == Gguf)
            return GgufTokenizerReader.Read(Path.Combine(path, Gguf));
        TokenizerConfig config = TokenizerConfig.Read(path);
        TokenizerParts parts = form switch
        {
            Json => TokenizerJsonReader.Read(Path.Combine(path, Json)),
            SentencePiece => SentencePieceReader.Read(Path.Combine(path, SentencePiece), config),
            _ => VocabularyFilesReader.Read(path, config),
        };
        return ConfiguredParts.Apply(parts, config);
    }
}
