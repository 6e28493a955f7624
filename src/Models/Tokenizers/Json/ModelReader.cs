using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Tokenizers.PreTokenizers;
using Neuralink.Models.Tokenizers.Subwords;

namespace Neuralink.Models.Tokenizers.Json;

/// <summary>Reads the "model" section of tokenizer.json: types BPE and Unigram.</summary>
internal static class ModelReader
{
    /// <summary>Refuses a model of another type, before the rest of the file, which would only say so less clearly.</summary>
    /// <exception cref="Neuralink.Storage.NeuralinkException">It is of another type.</exception>
    public static void RequireSupported(JsonField section) => TypeOf(section);

    /// <param name="section">The section.</param>
    /// <param name="steps">The steps before the model; the last may be changed to suit it.</param>
    /// <exception cref="Neuralink.Storage.NeuralinkException">The section is malformed, or uses what is not supported.</exception>
    public static (SubwordModel Model, Dictionary<string, int> Vocabulary) Read(JsonField section, List<IPreTokenizer> steps)
    {
        string type = TypeOf(section);
        TokenizerKeys.Check(section, type);
        return type == "BPE" ? ReadBpe(section, steps) : ReadUnigram(section);
    }

    // Files of the first years leave the type out; what they hold is told from its fields, as their readers did.
    private static string TypeOf(JsonField section)
    {
        string type = section["type"].IsNull && !section["merges"].IsNull ? "BPE" : section.Type();
        return type is "BPE" or "Unigram" ? type : throw section.Refuse("a model of type BPE or Unigram", $"type {type}");
    }

    private static (SubwordModel, Dictionary<string, int>) ReadBpe(JsonField section, List<IPreTokenizer> steps)
    {
        Dictionary<string, int> vocabulary = VocabularyReader.Read(section["vocab"]);
        BytePairMerges merges = MergesReader.Read(section["merges"], vocabulary);
        UnknownTokens unknowns = new(
            vocabulary,
            section["byte_fallback"].Flag(absent: false),
            ReadUnknown(section["unk_token"], vocabulary),
            section["fuse_unk"].Flag(absent: false));
        BpeParts parts = new(vocabulary, merges, section["ignore_merges"].Flag(absent: false), ReadsBytes: false, unknowns);
        return (BpeForWords(parts, steps), vocabulary);
    }

    /// <summary>
    /// The model for words that come as <paramref name="steps"/> make them. Where the last of these would write bytes in their alphabet,
    /// the model takes the bytes directly: the same tokens, without a second copy of the text.
    /// </summary>
    public static BpeModel BpeForWords(BpeParts parts, List<IPreTokenizer> steps)
    {
        bool hasAllBytes = Enumerable.Range(0, 256).All(value => parts.Vocabulary.ContainsKey($"{ByteAlphabet.ToChar((byte)value)}"));
        if (steps.Count == 0 || steps[^1] is not ByteLevelStep { WritesAlphabet: true } step)
            return new BpeModel(parts);
        if (!hasAllBytes && (parts.Unknowns.IsFused || parts.Unknowns.FallsBackToBytes))
            return new BpeModel(parts);
        steps[^1] = step.With(writesAlphabet: false);
        return new BpeModel(parts with { ReadsBytes = true });
    }

    private static (SubwordModel, Dictionary<string, int>) ReadUnigram(JsonField section)
    {
        Dictionary<string, int> vocabulary = new(StringComparer.Ordinal);
        List<double> scores = [];
        foreach (JsonField item in section["vocab"].Items())
        {
            JsonField[] pair = [.. item.Items()];
            if (pair.Length != 2)
                throw item.Refuse("a pair of a token and its score", item.Shown());
            if (!vocabulary.TryAdd(pair[0].Text(), scores.Count))
                throw item.Refuse("each token once", $"\"{pair[0].Text()}\" a second time");
            scores.Add(pair[1].Double());
        }
        if (scores.Count is 0 or > VocabularyReader.TokensMax)
            throw section["vocab"].Refuse($"1 to {VocabularyReader.TokensMax} tokens", $"{scores.Count}");
        int? unknown = section["unk_id"].IsNull ? null : section["unk_id"].Int(scores.Count - 1);
        UnknownTokens unknowns = new(vocabulary, section["byte_fallback"].Flag(absent: false), unknown, isFused: true);
        Dictionary<string, int> pieces = new(vocabulary.Where(entry => entry.Key.Length > 0), StringComparer.Ordinal);
        if (pieces.Count == 0)
            throw section["vocab"].Refuse("a token that is not empty", "none");
        return (new UnigramModel(pieces, [.. scores], unknowns), vocabulary);
    }

    private static int? ReadUnknown(JsonField unknown, Dictionary<string, int> vocabulary)
    {
        if (unknown.IsNull || unknown.Text().Length == 0)
            return null;
        return vocabulary.TryGetValue(unknown.Text(), out int id) ? id : throw unknown.Refuse("a token in the vocabulary", unknown.Shown());
    }
}
