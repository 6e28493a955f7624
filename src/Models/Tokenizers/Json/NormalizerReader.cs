using System.Text;
using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Tokenizers.Normalizers;

namespace Neuralink.Models.Tokenizers.Json;

/// <summary>Reads the "normalizer" section of tokenizer.json.</summary>
internal static class NormalizerReader
{
    private const string Supported = "Sequence, Prepend, Replace, Strip, Lowercase, NFC, NFD, NFKC or NFKD";

    /// <returns>The normalizer, or null for none.</returns>
    /// <exception cref="Neuralink.Storage.NeuralinkException">The section is malformed, or uses what is not supported.</exception>
    public static Normalizer? Read(JsonField section)
    {
        if (section.IsNull)
            return null;
        string type = section.Type();
        TokenizerKeys.CheckTyped(section, "normalizer");
        return type switch
        {
            "Sequence" => new NormalizerSequence([.. section["normalizers"].Items().Select(step => Read(step)
                ?? throw step.Refuse("a normalizer", "null"))]),
            "Prepend" => new PrependNormalizer(section["prepend"].Text()),
            "Replace" => new ReplaceNormalizer(PatternReader.Read(section["pattern"]), section["content"].Text()),
            "Strip" => new StripNormalizer(section["strip_left"].Flag(absent: true), section["strip_right"].Flag(absent: true)),
            "Lowercase" => new LowercaseNormalizer(),
            "NFC" => new UnicodeNormalizer(NormalizationForm.FormC),
            "NFD" => new UnicodeNormalizer(NormalizationForm.FormD),
            "NFKC" => new UnicodeNormalizer(NormalizationForm.FormKC),
            "NFKD" => new UnicodeNormalizer(NormalizationForm.FormKD),
            _ => throw section.Refuse($"a normalizer of type {Supported}", $"type {type}"),
        };
    }
}
