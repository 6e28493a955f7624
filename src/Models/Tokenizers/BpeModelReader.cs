using Neuralink.Models.Json;
using Neuralink.Storage;

namespace Neuralink.Models.Tokenizers;

/// <summary>Reads the "model" section of tokenizer.json: type BPE, byte-level.</summary>
internal static class BpeModelReader
{
    /// <summary>
    /// Ids from here on are refused, so that a wrong one cannot claim gigabytes of tables. The largest published
    /// vocabularies have 262 144 tokens.
    /// </summary>
    public const int TokensMax = 1 << 22;

    /// <exception cref="NeuralinkException">The section is malformed, or uses what is not supported.</exception>
    public static BpeModel Read(JsonField model)
    {
        // Files of the first years leave the type out; what they hold is told from its fields, as their readers did.
        string type = model["type"].IsNull && !model["merges"].IsNull ? "BPE" : model.Type();
        if (type != "BPE")
        {
            throw model.Refuse("a model of type BPE (byte-level)", $"type {type}");
        }

        RefuseUnsupported(model);
        Dictionary<string, int> vocabulary = ReadVocabulary(model["vocab"]);
        BytePairMerges merges = new(ReadMerges(model["merges"], vocabulary));
        return new BpeModel(vocabulary, merges, model["ignore_merges"].Flag(absent: false), ReadUnknown(model, vocabulary));
    }

    private static void RefuseUnsupported(JsonField model)
    {
        if (model["byte_fallback"].Flag(absent: false))
        {
            throw model["byte_fallback"].Refuse("a byte-level BPE model", "byte_fallback, as SentencePiece vocabularies have it");
        }

        foreach (string name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            JsonField affix = model[name];
            if (!affix.IsNull && affix.Text().Length > 0)
            {
                throw affix.Refuse("none, or an empty one", affix.Shown());
            }
        }

        JsonField dropout = model["dropout"];
        if (!dropout.IsNull && dropout.Shown() is not ("0" or "0.0"))
        {
            throw dropout.Refuse("no dropout: it makes encoding random", dropout.Shown());
        }
    }

    private static Dictionary<string, int> ReadVocabulary(JsonField vocab)
    {
        Dictionary<string, int> vocabulary = new(StringComparer.Ordinal);
        Dictionary<int, string> byId = [];
        foreach ((string token, JsonField value) in vocab.Properties())
        {
            int id = value.Int(TokensMax - 1);
            if (!vocabulary.TryAdd(token, id))
            {
                throw value.Refuse("each token once", "it a second time");
            }

            if (!byId.TryAdd(id, token))
            {
                throw value.Refuse("each id once", $"id {id}, which \"{byId[id]}\" already has");
            }
        }

        return vocabulary.Count > 0 ? vocabulary : throw vocab.Refuse("at least one token", "none");
    }

    private static Dictionary<ulong, Merge> ReadMerges(JsonField list, Dictionary<string, int> vocabulary)
    {
        Dictionary<ulong, Merge> merges = [];
        int rank = 0;
        foreach (JsonField item in list.Items())
        {
            (string left, string right) = ReadPair(item);
            ulong key = BytePairMerges.KeyOf(IdOf(item, left, vocabulary), IdOf(item, right, vocabulary));
            merges[key] = new Merge(rank++, IdOf(item, left + right, vocabulary));
        }

        return merges;
    }

    private static (string Left, string Right) ReadPair(JsonField item)
    {
        string[] parts = item.Element.ValueKind == System.Text.Json.JsonValueKind.Array
            ? [.. item.Items().Select(part => part.Text())]
            : item.Text().Split(' ');
        return parts.Length == 2 && parts[0].Length > 0 && parts[1].Length > 0
            ? (parts[0], parts[1])
            : throw item.Refuse("two tokens, as \"a b\" or [\"a\", \"b\"]", item.Shown());
    }

    private static int IdOf(JsonField item, string token, Dictionary<string, int> vocabulary) =>
        vocabulary.TryGetValue(token, out int id)
            ? id
            : throw item.Refuse("a merge of tokens in the vocabulary, into one", $"\"{token}\", which is not in it");

    private static int? ReadUnknown(JsonField model, Dictionary<string, int> vocabulary)
    {
        JsonField unknown = model["unk_token"];
        if (unknown.IsNull || unknown.Text().Length == 0)
        {
            return null;
        }

        if (!vocabulary.TryGetValue(unknown.Text(), out int id))
        {
            throw unknown.Refuse("a token in the vocabulary", unknown.Shown());
        }

        bool hasEveryByte = Enumerable.Range(0, 256).All(value => vocabulary.ContainsKey(ByteAlphabet.ToChar((byte)value).ToString()));
        return model["fuse_unk"].Flag(absent: false) && !hasEveryByte
            ? throw model["fuse_unk"].Refuse("false where the vocabulary lacks some bytes", "true")
            : id;
    }
}
