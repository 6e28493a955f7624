using Neuralink.Models.Json;

namespace Neuralink.Models.Tokenizers.Json;

/// <summary>Reads a vocabulary: an object of tokens and their ids, as in tokenizer.json and vocab.json.</summary>
internal static class VocabularyReader
{
    /// <summary>
    /// Ids from here on are refused, so that a wrong one cannot claim gigabytes of tables. The largest published
    /// vocabularies have 262 144 tokens.
    /// </summary>
    public const int TokensMax = 1 << 22;

    /// <exception cref="Neuralink.Storage.NeuralinkException">It is malformed, empty, or has an id twice.</exception>
    public static Dictionary<string, int> Read(JsonField vocab)
    {
        Dictionary<string, int> vocabulary = new(StringComparer.Ordinal);
        Dictionary<int, string> byId = [];
        foreach ((string token, JsonField value) in vocab.Properties())
        {
            int id = value.Int(TokensMax - 1);
            if (!vocabulary.TryAdd(token, id))
                throw value.Refuse("each token once", "it a second time");
            if (!byId.TryAdd(id, token))
                throw value.Refuse("each id once", $"id {id}, which \"{byId[id]}\" already has");
        }
        return vocabulary.Count > 0 ? vocabulary : throw vocab.Refuse("at least one token", "none");
    }
}
