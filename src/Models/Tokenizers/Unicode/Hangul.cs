namespace Neuralink.Models.Tokenizers.Unicode;

/// <summary>Korean syllables, which are made of two or three letters by arithmetic (The Unicode Standard, section 3.12).</summary>
internal static class Hangul
{
    private const int SyllableBase = 0xAC00, SyllableCount = 11172;
    private const int LeadBase = 0x1100, LeadCount = 19;
    private const int VowelBase = 0x1161, VowelCount = 21;

    /// <summary>One before the first trailing letter: 0 stands for none.</summary>
    private const int TrailBase = 0x11A7, TrailCount = 28;

    /// <summary>The characters that take part.</summary>
    public static IEnumerable<(int First, int Last)> ActiveRanges =>
    [
        (SyllableBase, SyllableBase + SyllableCount - 1),
        (VowelBase, VowelBase + VowelCount - 1),
        (TrailBase + 1, TrailBase + TrailCount - 1),
    ];

    public static bool IsSyllable(int codePoint) => codePoint - SyllableBase is >= 0 and < SyllableCount;

    public static void Decompose(int syllable, List<int> letters)
    {
        int index = syllable - SyllableBase, trail = index % TrailCount;
        letters.Add(LeadBase + (index / TrailCount / VowelCount));
        letters.Add(VowelBase + (index / TrailCount % VowelCount));
        if (trail > 0)
            letters.Add(TrailBase + trail);
    }

    /// <summary>The syllable of two parts, or null.</summary>
    public static int? Compose(int first, int second)
    {
        int lead = first - LeadBase, vowel = second - VowelBase, trail = second - TrailBase;
        if (lead is >= 0 and < LeadCount && vowel is >= 0 and < VowelCount)
            return SyllableBase + (((lead * VowelCount) + vowel) * TrailCount);
        bool isOpen = IsSyllable(first) && (first - SyllableBase) % TrailCount == 0;
        return isOpen && trail is > 0 and < TrailCount ? first + trail : null;
    }
}
