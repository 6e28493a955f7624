using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers.Files;

namespace Neuralink.Models.Tokenizers.Json;

/// <summary>
/// Reads the "post_processor" section of tokenizer.json: TemplateProcessing, RobertaProcessing and BertProcessing put tokens around a
/// text, ByteLevel changes offsets only and so nothing here, Sequence applies several.
/// </summary>
internal static class PostProcessorReader
{
    private const string Supported = "ByteLevel, TemplateProcessing, RobertaProcessing, BertProcessing or Sequence";

    /// <exception cref="Neuralink.Storage.NeuralinkException">The section is malformed, or uses what is not supported.</exception>
    public static SpecialAffixes Read(JsonField section, Func<int, bool> isToken)
    {
        if (section.IsNull)
            return SpecialAffixes.None;

        string type = section.Type();
        TokenizerKeys.CheckTyped(section, "post_processor");
        return type switch
        {
            "ByteLevel" => SpecialAffixes.None,
            "TemplateProcessing" => ReadTemplate(section, isToken),
            "RobertaProcessing" or "BertProcessing" => new([ReadNamedId(section["cls"], isToken)], [ReadNamedId(section["sep"], isToken)]),
            "Sequence" => section["processors"].Items()
                .Aggregate(SpecialAffixes.None, (inner, outer) => inner.Within(Read(outer, isToken))),
            _ => throw section.Refuse($"a post-processor of type {Supported}", $"type {type}"),
        };
    }

    private static SpecialAffixes ReadTemplate(JsonField section, Func<int, bool> isToken)
    {
        List<int> prefix = [];
        List<int> suffix = [];
        bool hasText = false;
        foreach (JsonField part in section["single"].Items())
        {
            if (!part["SpecialToken"].IsNull)
            {
                string name = part["SpecialToken"]["id"].Text();
                IEnumerable<JsonField> ids = section["special_tokens"][name]["ids"].Items();
                (hasText ? suffix : prefix).AddRange(ids.Select(id => ReadId(id, isToken)));
            }
            else if (!hasText && part["Sequence"]["id"].Text() == "A")
            {
                hasText = true;
            }
            else
            {
                throw part.Refuse("special tokens around one text A", part.Shown());
            }
        }

        return hasText ? new([.. prefix], [.. suffix]) : throw section["single"].Refuse("the text A in the template", "none");
    }

    // A pair ["</s>", 2].
    private static int ReadNamedId(JsonField pair, Func<int, bool> isToken)
    {
        JsonField[] parts = [.. pair.Items()];
        return parts.Length == 2 ? ReadId(parts[1], isToken) : throw pair.Refuse("a pair of token and id", pair.Shown());
    }

    private static int ReadId(JsonField field, Func<int, bool> isToken)
    {
        int id = field.Int(VocabularyReader.TokensMax - 1);
        return isToken(id) ? id : throw field.Refuse("the id of a token", $"{id}, which no token has");
    }
}
