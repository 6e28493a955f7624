using Neuralink.Models.Tokenizers.Decoders;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Tokenizers.Json;
using Neuralink.Models.Tokenizers.PreTokenizers;
using Neuralink.Models.Tokenizers.Subwords;
using Neuralink.Storage;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Tokenizers.Gguf;

/// <summary>
/// Makes a tokenizer of a GGUF file's own vocabulary, with the tokens that llama.cpp makes of a text: kind "gpt2", byte-level byte-pair
/// encoding, and kind "llama", SentencePiece's.
/// </summary>
internal static class GgufTokenizerReader
{
    /// <exception cref="NeuralinkException">The file has no tokenizer, or one that is damaged or not supported.</exception>
    public static TokenizerParts Read(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return Read(file.Metadata);
    }

    /// <inheritdoc cref="Read(string)"/>
    public static TokenizerParts Read(GgufMetadata metadata)
    {
        GgufVocabulary vocabulary = new(metadata);
        return vocabulary.Kind switch
        {
            "gpt2" => ByteLevel(vocabulary, metadata),
            "llama" => SentencePieceReader.Read(
                vocabulary, metadata.Flag(GgufVocabulary.AddsSpaceKey) ?? true, vocabulary.Affixes(addsBos: true)),
            _ => throw metadata.Refuse(
                GgufVocabulary.ModelKey, "gpt2 or llama", $"\"{vocabulary.Kind}\"", "this kind of tokenizer is not supported"),
        };
    }

    /// <summary>
    /// The part of a file that a tokenizer is made of, as a file of its own: an image has it in place of Hugging Face's files.
    /// </summary>
    /// <param name="metadata">All keys of the model's file.</param>
    /// <param name="path">The file to write, which is not there.</param>
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public static void CopyTokenizer(GgufMetadata metadata, string path)
    {
        using GgufWriter writer = GgufWriter.Create(
            path, [.. metadata.Values.Where(pair => pair.Key.StartsWith(GgufVocabulary.Prefix, StringComparison.Ordinal))], []);
        writer.Complete();
    }

    private static TokenizerParts ByteLevel(GgufVocabulary vocabulary, GgufMetadata metadata)
    {
        GgufPreTokenizers.Row words = GgufPreTokenizers.Of(metadata);
        Dictionary<string, int> ids = vocabulary.Ids(static _ => true);
        List<IPreTokenizer> steps = [.. words.Steps, new ByteLevelStep(addsPrefixSpace: false, splits: false, writesAlphabet: true)];
        UnknownTokens unknowns = new(ids, fallsBackToBytes: false, unknown: null, isFused: false);
        BpeParts parts = new(ids, Merges(metadata, ids), words.IgnoresMerges, ReadsBytes: false, unknowns);
        return new TokenizerParts
        {
            Vocabulary = ids,
            Added = [.. vocabulary.Added],
            NormalizesAdded = false,
            Model = ModelReader.BpeForWords(parts, steps),
            PreTokenizers = steps,
            Affixes = vocabulary.Affixes(words.AddsBos),
            Decoder = [DecoderStep.ByteLevel],
        };
    }

    // "left right", the first of which has the lowest rank. A token may begin with the space that parts them.
    private static BytePairMerges Merges(GgufMetadata metadata, Dictionary<string, int> ids)
    {
        IReadOnlyList<string> merges = metadata.Texts(GgufVocabulary.MergesKey) ?? throw metadata.Missing(GgufVocabulary.MergesKey);
        Dictionary<ulong, Merge> byPair = [];
        foreach (string merge in merges)
        {
            int space = merge.IndexOf(' ', Math.Min(1, merge.Length));
            if (space < 0)
                throw metadata.Refuse(GgufVocabulary.MergesKey, "pairs of tokens with a space between them", $"\"{merge}\"");
            string left = merge[..space], right = merge[(space + 1)..];
            byPair.TryAdd(BytePairMerges.KeyOf(IdOf(left), IdOf(right)), new Merge(byPair.Count, IdOf(left + right)));

            int IdOf(string token) => ids.TryGetValue(token, out int id) ? id : throw metadata.Refuse(
                GgufVocabulary.MergesKey, "merges of tokens, into one", $"\"{merge}\", where \"{token}\" is no token");
        }
        return new BytePairMerges(byPair);
    }
}
