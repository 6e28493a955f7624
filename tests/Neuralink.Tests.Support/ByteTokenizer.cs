using System.Text.Json.Nodes;

namespace Neuralink.Tests.Support;

/// <summary>The smallest byte-level BPE tokenizer: byte b has id b, there are no merges, and one special token ends a text.</summary>
public static class ByteTokenizer
{
    /// <summary>The id of the end token.</summary>
    public const int EndToken = 256;

    /// <summary>The tokenizer.json.</summary>
    public static string Json()
    {
        JsonObject vocabulary = [];
        int moved = 0;
        for (int value = 0; value < 256; value++)
        {
            // GPT-2's alphabet: printable Latin-1 stands for itself, the rest follows from U+0100 on.
            bool printable = value is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255);
            vocabulary.Add(((char)(printable ? value : 256 + moved++)).ToString(), value);
        }
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(new JsonObject { ["id"] = EndToken, ["content"] = "<end>", ["special"] = true }),
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = true },
            ["post_processor"] = null,
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject { ["type"] = "BPE", ["unk_token"] = null, ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        }.ToJsonString();
    }
}
