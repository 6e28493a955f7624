using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tokenizers.Subwords;

namespace Neuralink.Models.Tests.Tokenizers;

/// <summary>Makes tokenizer files for tests.</summary>
internal static class TokenizerJson
{
    /// <summary>Llama-3's split.</summary>
    public const string Llama3Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly JsonSerializerOptions s_asWritten = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The 256 bytes in order (byte b has id b), then what each merge ("a b") makes, in order.</summary>
    public static JsonObject ByteLevel(params string[] merges)
    {
        JsonObject vocabulary = [];
        for (int value = 0; value < 256; value++)
            vocabulary.Add(ByteAlphabet.ToChar((byte)value).ToString(), value);

        foreach (string merge in merges)
            vocabulary.TryAdd(merge.Replace(" ", ""), vocabulary.Count);

        return Of(vocabulary, merges);
    }

    public static JsonObject Of(JsonObject vocabulary, IEnumerable<string> merges) => new()
    {
        ["version"] = "1.0",
        ["added_tokens"] = new JsonArray(),
        ["normalizer"] = null,
        ["pre_tokenizer"] = ByteLevelStep(useRegex: true),
        ["post_processor"] = null,
        ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["unk_token"] = null,
            ["vocab"] = vocabulary,
            ["merges"] = new JsonArray([.. merges.Select(merge => (JsonNode)merge)]),
        },
    };

    public static JsonObject ByteLevelStep(bool useRegex, bool addPrefixSpace = false) =>
        new() { ["type"] = "ByteLevel", ["add_prefix_space"] = addPrefixSpace, ["use_regex"] = useRegex };

    public static JsonObject Split(string pattern, string behavior = "Isolated", bool invert = false, string kind = "Regex") => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { [kind] = pattern },
        ["behavior"] = behavior,
        ["invert"] = invert,
    };

    public static JsonObject Sequence(string items, params JsonObject[] steps) =>
        new() { ["type"] = "Sequence", [items] = new JsonArray([.. steps]) };

    public static JsonObject AddedToken(int id, string content, bool special = true, string? flag = null)
    {
        JsonObject token = new() { ["id"] = id, ["content"] = content, ["special"] = special };
        if (flag is not null)
            token[flag] = true;

        return token;
    }

    public static Tokenizer Load(JsonNode json) => Load(Encoding.UTF8.GetBytes(json.ToJsonString(s_asWritten)));

    public static Tokenizer Load(byte[] file)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, file);
            return Tokenizer.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
