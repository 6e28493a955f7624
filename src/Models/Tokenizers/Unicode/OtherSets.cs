using Neuralink.Models.Tokenizers.Patterns;

namespace Neuralink.Models.Tokenizers.Unicode;

/// <summary>
/// Sets that Hugging Face's tokenizers 0.22 do not take from Oniguruma but from Rust, by other versions of Unicode. Measured, character by
/// character.
/// </summary>
internal static class OtherSets
{
    private static readonly Lazy<CodePointSet> s_numeric =
        new(() => UnicodeSets.Find("N")!.Union(CodePointSet.Parse("11DE0-11DE9 16FF4-16FF6")));

    private static readonly Lazy<CodePointSet> s_punctuation = new(() => UnicodeSets.Find("P")!
        .Intersect(CodePointSet.Parse(YoungPunctuation).Complement())
        .Union(CodePointSet.Parse("21-2F 3A-40 5B-60 7B-7E 166D 111C9")));

    private static readonly Lazy<CodePointSet> s_word = new(() => UnicodeSets.Word.Union(CodePointSet.Parse("200C-200D")));

    private const string YoungPunctuation =
        "61D 9FD A76 C77 C84 1B4E-1B4F 1B7D-1B7F 2E43-2E4F 2E52-2E5D 10D6E 10EAD 10F55-10F59 10F86-10F89 113D4-113D5 113D7-113D8 "
        + "1144B-1144F 1145A-1145B 1145D 11660-1166C 116B9 1183B 11944-11946 119E2 11A3F-11A46 11A9A-11A9C 11A9E-11AA2 11B00-11B09 11BE1 "
        + "11C41-11C45 11C70-11C71 11EF7-11EF8 11F43-11F4F 11FFF 12FF1-12FF2 16D6D-16D6F 16E97-16E9A 16FE2 1E5FF 1E95E-1E95F";

    /// <summary>Numbers of all kinds (Nd, Nl, No) by Unicode 17: what the step Digits is about.</summary>
    public static CodePointSet Numeric => s_numeric.Value;

    /// <summary>Punctuation by Unicode 8, and all signs of ASCII: what the step Punctuation is about.</summary>
    public static CodePointSet Punctuation => s_punctuation.Value;

    /// <summary>Word characters by Rust's regular expressions.</summary>
    public static CodePointSet Word => s_word.Value;

    /// <summary>Words, and runs of what is neither word nor white space: what the step Whitespace keeps.</summary>
    public static TextMatcher WordsAndSigns { get; } = Pattern.Parse(@"[\w\x{200C}-\x{200D}]+|[^\w\s\x{200C}-\x{200D}]+");
}
