using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers.Files;

namespace Neuralink.Models.Tokenizers.Json;

/// <summary>Reads the "added_tokens" section of tokenizer.json.</summary>
internal static class AddedTokenReader
{
    /// <summary>
    /// The tokens, in file order. One that the vocabulary lacks gets the next free id, as in Hugging Face's tokenizers, which do not read
    /// the id that the file states; the two differ only in files that were changed by hand.
    /// </summary>
    /// <exception cref="Neuralink.Storage.NeuralinkException">The section is malformed or contradicts the vocabulary.</exception>
    public static List<AddedToken> Read(JsonField section, IReadOnlyDictionary<string, int> vocabulary)
    {
        List<AddedToken> tokens = [];
        if (section.IsNull)
            return tokens;
        Dictionary<int, string> byId = vocabulary.ToDictionary(entry => entry.Value, entry => entry.Key);
        HashSet<string> contents = new(StringComparer.Ordinal);
        int next = vocabulary.Count;
        foreach (JsonField item in section.Items())
        {
            AddedToken token = ReadOne(item, item["id"].Int(VocabularyReader.TokensMax - 1));
            if (!contents.Add(token.Content))
                throw item.Refuse("each added token once", $"\"{token.Content}\" a second time");
            if (vocabulary.TryGetValue(token.Content, out int known))
            {
                if (known != token.Id)
                    throw item.Refuse($"id {known}, as the vocabulary has it for \"{token.Content}\"", $"id {token.Id}");
            }
            else if (byId.TryGetValue(token.Id, out string? other))
            {
                throw item.Refuse("an id of its own", $"id {token.Id}, which \"{other}\" already has");
            }
            else
            {
                token = token with { Id = next, StatedId = token.Id == next ? null : token.Id };
                next++;
                if (!byId.TryAdd(token.Id, token.Content))
                    throw item.Refuse($"the id {token.Id}, the next, to be free", $"\"{byId[token.Id]}\" with that id");
            }
            tokens.Add(token);
        }
        return tokens;
    }

    /// <summary>Reads one, but for its id.</summary>
    /// <param name="item">The object.</param>
    /// <param name="id">The id.</param>
    /// <param name="isSpecial">Whether it is special where the object does not say.</param>
    public static AddedToken ReadOne(JsonField item, int id, bool isSpecial = false)
    {
        TokenizerKeys.Check(item, "added token");
        string content = item["content"].Text();
        if (content.Length == 0)
            throw item["content"].Refuse("text", "none");
        isSpecial = item["special"].Flag(absent: isSpecial);
        return new AddedToken(id, content)
        {
            IsSpecial = isSpecial,
            SingleWord = item["single_word"].Flag(absent: false),
            StripsLeft = item["lstrip"].Flag(absent: false),
            StripsRight = item["rstrip"].Flag(absent: false),
            IsNormalized = item["normalized"].Flag(absent: !isSpecial),
        };
    }
}
