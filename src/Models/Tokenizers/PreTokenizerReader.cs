using System.Text.RegularExpressions;
using Neuralink.Models.Json;

namespace Neuralink.Models.Tokenizers;

/// <summary>
/// Reads the "pre_tokenizer" section of tokenizer.json: a ByteLevel step, or a Sequence of Split steps that ends in one.
/// </summary>
internal static partial class PreTokenizerReader
{
    private const string Supported = "a ByteLevel pre-tokenizer, or a Sequence of Split steps that ends in one";

    /// <exception cref="Neuralink.Storage.NeuralinkException">The section is malformed, or uses what is not supported.</exception>
    public static PreTokenizer Read(JsonField section)
    {
        // Without a byte-level step the vocabulary is over characters, not bytes: another kind of tokenizer.
        if (section.IsNull)
        {
            throw section.Refuse(Supported, "none");
        }

        List<JsonField> steps = [];
        Flatten(section, steps);
        List<SplitStep> splits = [];
        for (int i = 0; i < steps.Count; i++)
        {
            bool isLast = i == steps.Count - 1;
            string type = steps[i].Type();
            switch (type)
            {
                case "Split":
                    splits.Add(ReadSplit(steps[i]));
                    break;
                case "ByteLevel" when isLast:
                    SplitStep? own = steps[i]["use_regex"].Flag(absent: true) ? new SplitStep(Gpt2Pattern()) : null;
                    return new PreTokenizer(splits, steps[i]["add_prefix_space"].Flag(absent: true), own);
                default:
                    throw steps[i].Refuse(Supported, type == "ByteLevel" ? "a step after ByteLevel" : $"type {type}");
            }
        }

        throw section.Refuse(Supported, "no ByteLevel step");
    }

    private static void Flatten(JsonField section, List<JsonField> steps)
    {
        if (section.Type() != "Sequence")
        {
            steps.Add(section);
            return;
        }

        foreach (JsonField step in section["pretokenizers"].Items())
        {
            Flatten(step, steps);
        }
    }

    private static SplitStep ReadSplit(JsonField step)
    {
        bool inverted = step["invert"].Flag(absent: false);
        string behavior = step["behavior"].Text();
        Regex pattern = ReadPattern(step["pattern"]);
        return behavior switch
        {
            "Isolated" => new SplitStep(pattern),
            "Removed" => new SplitStep(pattern, keepsMatches: inverted, keepsGaps: !inverted),
            _ => throw step["behavior"].Refuse("Isolated or Removed", behavior),
        };
    }

    private static Regex ReadPattern(JsonField pattern)
    {
        bool isLiteral = !pattern["String"].IsNull;
        JsonField source = isLiteral ? pattern["String"] : pattern["Regex"];
        string text = source.Text();

        // What the file's engine (Oniguruma) and .NET's read differently without either calling it an error.
        string? foreign = Array.Find(["&&", "[:"], part => !isLiteral && text.Contains(part, StringComparison.Ordinal));
        if (foreign is not null || AstralShadow.IsNeeded(text))
        {
            throw source.Refuse(
                "a pattern within the Basic Multilingual Plane, without set intersection and POSIX classes",
                foreign is null ? "a character outside it" : $"\"{foreign}\"");
        }

        try
        {
            // Interpreted: compiling Llama-3's pattern costs about 11 ms and saves 29 ms a million characters, so it pays only
            // from several hundred thousand, beyond any context these models have.
            return new Regex(isLiteral ? Regex.Escape(text) : text, RegexOptions.CultureInvariant);
        }
        catch (ArgumentException error)
        {
            throw source.Refuse("a regular expression that .NET can run", error.Message.ReplaceLineEndings(" "));
        }
    }

    // GPT-2's own split (Radford et al. 2019; encoder.py): what ByteLevel means by use_regex.
    [GeneratedRegex(
        @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Gpt2Pattern();
}
