using System.Text.Json;
using Neuralink.Models.Json;
using Neuralink.Storage.Json;

namespace Neuralink.Models.Tokenizers;

/// <summary>
/// Reads a Hugging Face tokenizer.json. What it uses beyond byte-level BPE is refused by name; nothing is approximated.
/// The fields "truncation" and "padding" are not read: they are a caller's choice, and here the whole prompt is meant.
/// </summary>
internal static class TokenizerFile
{
    /// <summary>A longer file is refused. The largest published one of this kind has about 17 MB.</summary>
    public const long FileBytesMax = 256L << 20;

    public static Tokenizer Read(string path)
    {
        using JsonDocument document = JsonFile.Open(path, FileBytesMax);
        return Read(new JsonField(path, "", document.RootElement));
    }

    private static Tokenizer Read(JsonField root)
    {
        JsonField version = root["version"];
        if (!version.IsNull && version.Text() != "1.0")
        {
            throw version.Refuse("version 1.0", version.Shown());
        }

        BpeModel model = BpeModelReader.Read(root["model"]);
        List<AddedToken> added = AddedTokenReader.Read(root["added_tokens"], model.Vocabulary);
        TokenTable table = new(model.Vocabulary, added);
        RequireNoNormalizer(root["normalizer"]);
        PreTokenizer preTokenizer = PreTokenizerReader.Read(root["pre_tokenizer"]);
        RequireByteLevelDecoder(root["decoder"]);
        return new Tokenizer(model, table, added, preTokenizer, PostProcessorReader.Read(root["post_processor"], table.Has));
    }

    // With InvariantGlobalization string.Normalize returns its text unchanged, so not even NFC can be honoured.
    private static void RequireNoNormalizer(JsonField normalizer)
    {
        if (!normalizer.IsNull)
        {
            throw normalizer.Refuse("no normalizer", $"type {normalizer.Type()}");
        }
    }

    private static void RequireByteLevelDecoder(JsonField decoder)
    {
        const string supported = "a ByteLevel decoder";
        if (decoder.IsNull)
        {
            throw decoder.Refuse(supported, "none");
        }

        string type = decoder.Type();
        IEnumerable<JsonField> parts = type == "Sequence" ? decoder["decoders"].Items() : [decoder];
        int byteLevels = 0;
        foreach (JsonField part in parts)
        {
            // Fuse joins the pieces, which a byte-level decoder has done already.
            switch (part.Type())
            {
                case "ByteLevel":
                    byteLevels++;
                    break;
                case "Fuse":
                    break;
                default:
                    throw part.Refuse(supported, $"type {part.Type()}");
            }
        }

        if (byteLevels != 1)
        {
            throw decoder.Refuse(supported, $"{byteLevels} of them");
        }
    }
}
