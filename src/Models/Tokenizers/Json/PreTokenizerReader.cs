using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Tokenizers.Patterns;
using Neuralink.Models.Tokenizers.PreTokenizers;
using Neuralink.Models.Tokenizers.Unicode;

namespace Neuralink.Models.Tokenizers.Json;

/// <summary>Reads the "pre_tokenizer" section of tokenizer.json.</summary>
internal static class PreTokenizerReader
{
    private const string Supported =
        "Sequence, ByteLevel, Metaspace, Split, Digits, Punctuation, Whitespace, WhitespaceSplit or CharDelimiterSplit";

    /// <returns>The steps, in order; none where a text is one word.</returns>
    /// <exception cref="Neuralink.Storage.NeuralinkException">The section is malformed, or uses what is not supported.</exception>
    public static List<IPreTokenizer> Read(JsonField section)
    {
        List<IPreTokenizer> steps = [];
        if (!section.IsNull)
            Append(section, steps);
        return steps;
    }

    private static void Append(JsonField section, List<IPreTokenizer> steps)
    {
        string type = section.Type();
        TokenizerKeys.CheckTyped(section, "pre_tokenizer");
        switch (type)
        {
            case "Sequence":
                foreach (JsonField step in section["pretokenizers"].Items())
                    Append(step, steps);
                break;
            case "ByteLevel":
                bool splits = section["use_regex"].Flag(absent: true);
                steps.Add(new ByteLevelStep(section["add_prefix_space"].Flag(absent: true), splits, writesAlphabet: true));
                break;
            case "Metaspace":
                steps.Add(ReadMetaspace(section));
                break;
            case "Split":
                SplitBehavior behavior = ReadBehavior(section["behavior"], null);
                steps.Add(new SplitStep(PatternReader.Read(section["pattern"]), behavior, section["invert"].Flag(absent: false)));
                break;
            case "Digits":
                bool isIndividual = section["individual_digits"].Flag(absent: false);
                steps.Add(new SplitStep(
                    new CharacterMatcher(OtherSets.Numeric), isIndividual ? SplitBehavior.Isolated : SplitBehavior.Contiguous));
                break;
            case "Punctuation":
                steps.Add(new SplitStep(
                    new CharacterMatcher(OtherSets.Punctuation), ReadBehavior(section["behavior"], SplitBehavior.Isolated)));
                break;
            case "Whitespace":
                steps.Add(new SplitStep(OtherSets.WordsAndSigns, SplitBehavior.Removed, inverts: true));
                break;
            case "WhitespaceSplit":
                steps.Add(new SplitStep(new CharacterMatcher(UnicodeSets.Space), SplitBehavior.Removed));
                break;
            case "CharDelimiterSplit":
                steps.Add(new SplitStep(new LiteralMatcher(ReadCharacter(section["delimiter"])), SplitBehavior.Removed));
                break;
            default:
                throw section.Refuse($"a pre-tokenizer of type {Supported}", $"type {type}");
        }
    }

    /// <summary>Newer files state the scheme; older ones say whether a space is added at all.</summary>
    private static MetaspaceStep ReadMetaspace(JsonField section)
    {
        PrependScheme scheme = ReadScheme(section);
        return new MetaspaceStep(ReadCharacter(section["replacement"]), scheme, section["split"].Flag(absent: true));
    }

    internal static PrependScheme ReadScheme(JsonField section)
    {
        JsonField stated = section["prepend_scheme"];
        PrependScheme scheme = stated.TextOrNull() switch
        {
            null or "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            _ => throw stated.Refuse("always, first or never", stated.Shown()),
        };
        if (section["add_prefix_space"].Flag(absent: true) || scheme == PrependScheme.Never)
            return scheme;
        return stated.IsNull
            ? PrependScheme.Never
            : throw section["add_prefix_space"].Refuse($"true beside the prepend_scheme {stated.Text()}", "false");
    }

    internal static string ReadCharacter(JsonField field)
    {
        string text = field.Text();
        return text.EnumerateRunes().Count() == 1 ? text : throw field.Refuse("one character", field.Shown());
    }

    private static SplitBehavior ReadBehavior(JsonField field, SplitBehavior? absent)
    {
        if (field.IsNull && absent is { } behavior)
            return behavior;
        string name = field.Text();
        return Array.IndexOf(Enum.GetNames<SplitBehavior>(), name) >= 0
            ? Enum.Parse<SplitBehavior>(name)
            : throw field.Refuse(string.Join(", ", Enum.GetNames<SplitBehavior>()), name);
    }
}
