using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers.Patterns;

namespace Neuralink.Models.Tokenizers;

/// <summary>
/// Reads the "pre_tokenizer" section of tokenizer.json: a ByteLevel step, or a Sequence of Split steps that ends in one.
/// </summary>
internal static class PreTokenizerReader
{
    private const string Supported = "a ByteLevel pre-tokenizer, or a Sequence of Split steps that ends in one";

    // GPT-2's own split (Radford et al. 2019; encoder.py): what ByteLevel means by use_regex.
    private static readonly SplitStep s_gpt2Split =
        new(Pattern.Parse(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"));

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
                    SplitStep? own = steps[i]["use_regex"].Flag(absent: true) ? s_gpt2Split : null;
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
        string behavior = step["behavior"].Text();
        return Enum.TryParse(behavior, out SplitBehavior parsed) && Enum.IsDefined(parsed) && char.IsAsciiLetterUpper(behavior[0])
            ? new SplitStep(ReadPattern(step["pattern"]), parsed, step["invert"].Flag(absent: false))
            : throw step["behavior"].Refuse(string.Join(", ", Enum.GetNames<SplitBehavior>()), behavior);
    }

    /// <summary>A pattern: a literal under "String", or a regular expression under "Regex".</summary>
    private static TextMatcher ReadPattern(JsonField pattern)
    {
        if (!pattern["String"].IsNull)
            return new LiteralMatcher(pattern["String"].Text());
        JsonField source = pattern["Regex"];
        try
        {
            return Pattern.Parse(source.Text());
        }
        catch (PatternException error)
        {
            throw source.Refuse("a regular expression that this engine can match exactly", error.Message);
        }
    }
}
