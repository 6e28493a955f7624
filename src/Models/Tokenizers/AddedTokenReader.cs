using Neuralink.Models.Json;

namespace Neuralink.Models.Tokenizers;

/// <summary>Reads the "added_tokens" section of tokenizer.json.</summary>
internal static class AddedTokenReader
{
    /// <exception cref="Neuralink.Storage.NeuralinkException">The section is malformed or contradicts the vocabulary.</exception>
    public static List<AddedToken> Read(JsonField section, IReadOnlyDictionary<string, int> vocabulary)
    {
        List<AddedToken> tokens = [];
        if (section.IsNull)
        {
            return tokens;
        }

        Dictionary<int, string> byId = vocabulary.ToDictionary(entry => entry.Value, entry => entry.Key);
        HashSet<string> contents = new(StringComparer.Ordinal);
        foreach (JsonField item in section.Items())
        {
            AddedToken token = ReadOne(item);
            if (!contents.Add(token.Content))
            {
                throw item.Refuse("each added token once", $"\"{token.Content}\" a second time");
            }

            if (vocabulary.TryGetValue(token.Content, out int known) && known != token.Id)
            {
                throw item.Refuse($"id {known}, as the vocabulary has it for \"{token.Content}\"", $"id {token.Id}");
            }

            if (!byId.TryAdd(token.Id, token.Content) && byId[token.Id] != token.Content)
            {
                throw item.Refuse("an id of its own", $"id {token.Id}, which \"{byId[token.Id]}\" already has");
            }

            tokens.Add(token);
        }

        return tokens;
    }

    private static AddedToken ReadOne(JsonField item)
    {
        string content = item["content"].Text();
        if (content.Length == 0)
        {
            throw item["content"].Refuse("text", "none");
        }

        bool isSpecial = item["special"].Flag(absent: false);
        return new AddedToken(
            item["id"].Int(BpeModelReader.TokensMax - 1),
            content,
            isSpecial,
            SingleWord: item["single_word"].Flag(absent: false),
            StripsLeft: item["lstrip"].Flag(absent: false),
            StripsRight: item["rstrip"].Flag(absent: false),
            IsNormalized: item["normalized"].Flag(absent: !isSpecial));
    }
}
