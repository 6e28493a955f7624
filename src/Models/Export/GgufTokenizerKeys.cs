using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Tokenizers.Gguf;
using Neuralink.Models.Tokenizers.Subwords;
using Neuralink.Storage;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Export;

/// <summary>
/// A tokenizer as the metadata of a GGUF file. Which of llama.cpp's kinds and pre-tokenizers is meant is found by trying: what is written
/// is read again, and has to give the tokenizer's own tokens for the text of each of its tokens, in several surroundings.
/// </summary>
internal static class GgufTokenizerKeys
{
    private static readonly string[] s_ascii = ["{0}", "a{0}b", " {0} 1", "\n{0}!", "{0}\n\nX", "1{0}'s"];
    private static readonly string[] s_others = ["\u00E9{0}\n\nX", "{0}\u4E16", "\u0661{0}"];

    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="vocabularySize">Rows of the embedding; ids without a token get one that no text becomes.</param>
    /// <param name="endTokens">Tokens that end a text.</param>
    /// <param name="source">The model, for messages.</param>
    /// <param name="note">Told where only texts in ASCII are sure to have the same tokens.</param>
    /// <exception cref="NeuralinkException">llama.cpp has no such tokenizer.</exception>
    public static IReadOnlyList<KeyValuePair<string, GgufValue>> Of(
        Tokenizer tokenizer, int vocabularySize, IReadOnlyList<int> endTokens, string source, Action<string>? note)
    {
        TokenizerParts parts = tokenizer.Parts;
        if (parts.Model is not BpeModel model)
        {
            throw new NeuralinkException(
                $"export {source}", "a tokenizer of byte-pair encoding", "a unigram model", "llama.cpp runs it in other models only");
        }
        KeyValuePair<string, GgufValue>[] common = [.. Common(tokenizer, model, vocabularySize, endTokens)];
        List<KeyValuePair<string, GgufValue>[]> candidates = model.Parts.ReadsBytes
            ? [.. ByteLevel(common, parts, model)]
            : [.. SentencePiece(common, parts, model, vocabularySize)];
        string? difference = null;
        foreach (string[] surroundings in (string[][])[[.. s_ascii, .. s_others], s_ascii])
        {
            foreach (KeyValuePair<string, GgufValue>[] candidate in candidates)
            {
                if (FirstDifference(tokenizer, candidate, surroundings, source) is { } text)
                {
                    difference = $"one that cuts \"{text.ReplaceLineEndings("\\n")}\" otherwise";
                    continue;
                }
                if (surroundings == s_ascii)
                {
                    note?.Invoke(
                        $"{source}: llama.cpp has no pre-tokenizer that cuts words exactly as this model's does; texts in ASCII get the "
                        + "same tokens, others may not");
                }
                return candidate;
            }
        }
        throw new NeuralinkException(
            $"export {source}", "a tokenizer that llama.cpp has", difference!,
            "llama.cpp has no pre-tokenizer that cuts this model's words");
    }

    private static IEnumerable<KeyValuePair<string, GgufValue>> Common(
        Tokenizer tokenizer, BpeModel model, int vocabularySize, IReadOnlyList<int> endTokens)
    {
        SpecialAffixes affixes = tokenizer.Parts.Affixes;
        Dictionary<int, AddedToken> added = tokenizer.Parts.Added.ToDictionary(token => token.Id);
        int? unknown = model.Parts.Unknowns.Unknown;
        yield return new(GgufVocabulary.TokensKey, GgufValue.Of(
            [.. Enumerable.Range(0, vocabularySize).Select(id => tokenizer.TokenOf(id) ?? $"[PAD{id}]")]));
        yield return new(GgufVocabulary.TypesKey, GgufValue.Of(
            [.. Enumerable.Range(0, vocabularySize).Select(id => (int)KindOf(tokenizer, added, id, unknown))]));
        yield return new(GgufVocabulary.AddsBosKey, GgufValue.Of(affixes.Prefix.Length > 0));
        yield return new(GgufVocabulary.AddsEosKey, GgufValue.Of(affixes.Suffix.Length > 0));
        if (affixes.Prefix is [var bos])
            yield return new(GgufVocabulary.BosKey, GgufValue.Of(bos));
        int? eos = affixes.Suffix is [var last] ? last : endTokens.Count > 0 ? endTokens[0] : null;
        if (eos is { } end)
            yield return new(GgufVocabulary.EosKey, GgufValue.Of(end));
        if (endTokens.FirstOrDefault(id => id != eos, -1) is >= 0 and var turn)
            yield return new(GgufVocabulary.EotKey, GgufValue.Of(turn));
        if (unknown is { } id)
            yield return new(GgufVocabulary.UnknownKey, GgufValue.Of(id));
    }

    private static PieceKind KindOf(Tokenizer tokenizer, Dictionary<int, AddedToken> added, int id, int? unknown) =>
        id == unknown ? PieceKind.Unknown
            : added.TryGetValue(id, out AddedToken? token) ? token.IsSpecial ? PieceKind.Control : PieceKind.UserDefined
            : tokenizer.TokenOf(id) is not { } text ? PieceKind.Unused
            : text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[^1] == '>' ? PieceKind.Byte
            : PieceKind.Normal;

    private static IEnumerable<KeyValuePair<string, GgufValue>[]> ByteLevel(
        KeyValuePair<string, GgufValue>[] common, TokenizerParts parts, BpeModel model)
    {
        Dictionary<int, string> tokens = parts.Vocabulary.ToDictionary(token => token.Value, token => token.Key);
        string[] merges = [.. model.Parts.Merges.InOrder().Select(merge => $"{tokens[merge.Left]} {tokens[merge.Right]}")];
        return GgufPreTokenizers.Rows.Where(row => row.IgnoresMerges == model.Parts.IgnoresMerges)
            .Select(row => (KeyValuePair<string, GgufValue>[])
            [
                new(GgufVocabulary.ModelKey, GgufValue.Of("gpt2")), new(GgufVocabulary.PreKey, GgufValue.Of(row.Names[0])), .. common,
                new(GgufVocabulary.MergesKey, GgufValue.Of(merges)),
            ]);
    }

    // The rank of the merges that make a piece is the place of its score among all scores.
    private static IEnumerable<KeyValuePair<string, GgufValue>[]> SentencePiece(
        KeyValuePair<string, GgufValue>[] common, TokenizerParts parts, BpeModel model, int vocabularySize)
    {
        float[] scores = new float[vocabularySize];
        foreach ((int left, int right, Merge merge) in model.Parts.Merges.InOrder().Reverse())
        {
            if (merge.Id < vocabularySize)
                scores[merge.Id] = -1 - merge.Rank;
        }
        foreach (bool addsSpace in (bool[])[true, false])
        {
            yield return
            [
                new(GgufVocabulary.ModelKey, GgufValue.Of("llama")), new(GgufVocabulary.PreKey, GgufValue.Of("default")), .. common,
                new(GgufVocabulary.ScoresKey, GgufValue.Of(scores)), new(GgufVocabulary.AddsSpaceKey, GgufValue.Of(addsSpace)),
            ];
        }
    }

    /// <summary>A text of which the two make different tokens, or null.</summary>
    private static string? FirstDifference(
        Tokenizer own, KeyValuePair<string, GgufValue>[] keys, string[] surroundings, string source)
    {
        Tokenizer written;
        GgufMetadata metadata = new(source, keys.ToDictionary(StringComparer.Ordinal));
        try
        {
            written = new Tokenizer(GgufTokenizerReader.Read(metadata));
        }
        catch (NeuralinkException error)
        {
            return error.Found;
        }
        IEnumerable<string> texts = own.Parts.Vocabulary.Values.Order()
            .Select(id => own.Decode([id], skipSpecialTokens: false)).Where(text => !text.Contains('\uFFFD'))
            .SelectMany(text => surroundings.Select(around => around.Replace("{0}", text, StringComparison.Ordinal)));
        return texts.FirstOrDefault(text => !own.Encode(text).AsSpan().SequenceEqual(written.Encode(text)));
    }
}
