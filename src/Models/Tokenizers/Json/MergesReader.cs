using System.Text.Json;
using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers.Subwords;

namespace Neuralink.Models.Tokenizers.Json;

/// <summary>Reads the merges of tokenizer.json, the first of which has the lowest rank: "a b" or ["a", "b"].</summary>
internal static class MergesReader
{
    /// <exception cref="Neuralink.Storage.NeuralinkException">A merge is malformed, or of what is not in the vocabulary.</exception>
    public static BytePairMerges Read(JsonField list, Dictionary<string, int> vocabulary)
    {
        Dictionary<ulong, Merge> merges = [];
        int rank = 0;
        foreach (JsonField item in list.Items())
        {
            (string left, string right) = ReadPair(item);
            ulong key = BytePairMerges.KeyOf(IdOf(item, left, vocabulary), IdOf(item, right, vocabulary));
            merges[key] = new Merge(rank++, IdOf(item, left + right, vocabulary));
        }
        return new BytePairMerges(merges);
    }

    private static (string Left, string Right) ReadPair(JsonField item)
    {
        string[] parts = item.Element.ValueKind == JsonValueKind.Array
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
}
