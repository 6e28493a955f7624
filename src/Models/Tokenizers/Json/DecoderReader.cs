using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers.Decoders;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Tokenizers.PreTokenizers;

namespace Neuralink.Models.Tokenizers.Json;

/// <summary>Reads the "decoder" section of tokenizer.json.</summary>
internal static class DecoderReader
{
    private const string Supported = "Sequence, ByteLevel, Metaspace, Replace, ByteFallback, Fuse or Strip";
    private const int StripMax = 1 << 16;

    /// <exception cref="Neuralink.Storage.NeuralinkException">The section is malformed, or uses what is not supported.</exception>
    public static IReadOnlyList<DecoderStep> Read(JsonField section)
    {
        if (section.IsNull)
            return [DecoderStep.Spaced];
        List<DecoderStep> steps = [];
        bool isFused = false;
        Append(section, steps, ref isFused);
        return steps;
    }

    /// <param name="section">A decoder.</param>
    /// <param name="steps">What its steps are appended to.</param>
    /// <param name="isFused">Whether the tokens are one text by now, so that their ends are not seen any more.</param>
    private static void Append(JsonField section, List<DecoderStep> steps, ref bool isFused)
    {
        string type = section.Type();
        TokenizerKeys.CheckTyped(section, "decoder");
        switch (type)
        {
            case "Sequence":
                foreach (JsonField step in section["decoders"].Items())
                    Append(step, steps, ref isFused);
                break;
            case "Fuse":
                isFused = true;
                break;
            case "Strip":
                steps.Add(DecoderStep.Strip(
                    PreTokenizerReader.ReadCharacter(section["content"]), section["start"].Int(StripMax), section["stop"].Int(StripMax),
                    isFused));
                break;
            case "ByteLevel" when !isFused:
                steps.Add(DecoderStep.ByteLevel);
                isFused = true;
                break;
            case "ByteFallback" when !isFused:
                steps.Add(DecoderStep.ByteFallback);
                break;
            case "Metaspace" when !isFused:
                bool dropsFirst = PreTokenizerReader.ReadScheme(section) != PrependScheme.Never;
                steps.Add(DecoderStep.Metaspace(PreTokenizerReader.ReadCharacter(section["replacement"]), dropsFirst));
                break;
            case "Replace" when !isFused:
                steps.Add(DecoderStep.Replace(PatternReader.Read(section["pattern"]), section["content"].Text()));
                break;
            case "ByteLevel" or "ByteFallback" or "Metaspace" or "Replace":
                throw section.Refuse("only Strip behind what joins the tokens (Fuse, ByteLevel)", $"type {type}");
            default:
                throw section.Refuse($"a decoder of type {Supported}", $"type {type}");
        }
    }
}
