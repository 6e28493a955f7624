using System.Globalization;

namespace Neuralink.Models.Tokenizers.Unicode;

/// <summary>
/// The sets of characters that patterns name, by Unicode 16, as Oniguruma 6.9.10 has them. General categories are the runtime's, which
/// are of that version too (a test holds it).
/// </summary>
internal static class UnicodeSets
{
    /// <summary>The property White_Space.</summary>
    public static CodePointSet Space { get; } = CodePointSet.Parse("9-D 20 85 A0 1680 2000-200A 2028-2029 202F 205F 3000");

    public static CodePointSet HexDigit { get; } = CodePointSet.Parse("30-39 41-46 61-66");

    /// <summary>Of each general category, by <see cref="UnicodeCategory"/>.</summary>
    private static readonly Lazy<CodePointSet[]> s_categories = new(ReadCategories);

    private static readonly Lazy<CodePointSet> s_alphabetic = new(() => Members("L")
        .Union(Of(UnicodeCategory.LetterNumber)).Union(CodePointSet.Parse(UnicodeData.OtherAlphabetic)));

    private static readonly Lazy<CodePointSet> s_word = new(() => Alphabetic
        .Union(Members("M")).Union(DecimalDigit).Union(Of(UnicodeCategory.ConnectorPunctuation)));

    private static readonly Lazy<CodePointSet> s_wordAlone = new(() => Word.Union(CodePointSet.Parse("B2-B3 B9 BC-BE")));

    private static readonly Dictionary<string, Lazy<CodePointSet>> s_posix = new(StringComparer.Ordinal)
    {
        ["alnum"] = new(() => Alphabetic.Union(DecimalDigit)),
        ["alpha"] = new(() => Alphabetic),
        ["ascii"] = new(() => CodePointSet.Parse("0-7F")),
        ["blank"] = new(() => Of(UnicodeCategory.SpaceSeparator).Union(CodePointSet.Of('\t'))),
        ["cntrl"] = new(() => Of(UnicodeCategory.Control)),
        ["digit"] = new(() => DecimalDigit),
        ["graph"] = new(() => Graph),
        ["lower"] = new(() => Of(UnicodeCategory.LowercaseLetter).Union(CodePointSet.Parse(UnicodeData.OtherLowercase))),
        ["print"] = new(() => Graph.Union(Of(UnicodeCategory.SpaceSeparator))),
        ["punct"] = new(() => Members("P").Union(Members("S"))),
        ["space"] = new(() => Space),
        ["upper"] = new(() => Of(UnicodeCategory.UppercaseLetter).Union(CodePointSet.Parse(UnicodeData.OtherUppercase))),
        ["word"] = new(() => Word),
        ["xdigit"] = new(() => HexDigit),
    };

    private static readonly Dictionary<string, Lazy<CodePointSet>> s_named = Named();

    public static CodePointSet DecimalDigit => Of(UnicodeCategory.DecimalDigitNumber);

    /// <summary>Letters, marks, decimal digits, connecting punctuation and what else is alphabetic.</summary>
    public static CodePointSet Word => s_word.Value;

    /// <summary>
    /// What \w and \b mean outside a class: there Oniguruma looks characters of Latin-1 up in a table of that encoding, which takes
    /// superscript digits and fractions for word characters.
    /// </summary>
    public static CodePointSet WordAlone => s_wordAlone.Value;

    public static CodePointSet Alphabetic => s_alphabetic.Value;

    private static CodePointSet Graph => CodePointSet.All
        .Intersect(Space.Complement())
        .Intersect(Of(UnicodeCategory.Control).Complement())
        .Intersect(Of(UnicodeCategory.OtherNotAssigned).Complement())
        .Intersect(Of(UnicodeCategory.Surrogate).Complement());

    /// <summary>
    /// What \p{<paramref name="name"/>} means: a general category, long or short, a script, or one of a few other properties. Case, spaces,
    /// hyphens and underscores make no difference. Null for a name that is not known.
    /// </summary>
    public static CodePointSet? Find(string name)
    {
        string key = Normalize(name);
        return s_named.TryGetValue(key, out Lazy<CodePointSet>? set) ? set.Value : null;
    }

    /// <summary>What [:<paramref name="name"/>:] means, or null.</summary>
    public static CodePointSet? FindPosix(string name) => s_posix.TryGetValue(name, out Lazy<CodePointSet>? set) ? set.Value : null;

    public static CodePointSet Of(UnicodeCategory category) => s_categories.Value[(int)category];

    private static string Normalize(string name) =>
        string.Concat(name.Where(c => c is not (' ' or '-' or '_'))).ToLowerInvariant();

    private static Dictionary<string, Lazy<CodePointSet>> Named()
    {
        Dictionary<string, Lazy<CodePointSet>> named = new(StringComparer.Ordinal)
        {
            ["any"] = new(() => CodePointSet.All),
            ["assigned"] = new(() => Of(UnicodeCategory.OtherNotAssigned).Complement()),
            ["alphabetic"] = new(() => Alphabetic),
            ["whitespace"] = new(() => Space),
            ["lowercase"] = s_posix["lower"],
            ["uppercase"] = s_posix["upper"],
            ["posixpunct"] = s_posix["punct"],
        };
        foreach ((string name, Lazy<CodePointSet> set) in s_posix)
            named[name] = set;
        foreach ((string key, string _, string longName) in UnicodeData.Categories)
        {
            Lazy<CodePointSet> set = new(() => Members(key));
            named[Normalize(key)] = set;
            named[Normalize(longName)] = set;
        }
        named["punct"] = named["p"];                                 // unlike [:punct:], without symbols
        foreach ((string script, string ranges) in UnicodeScripts.All)
            named[Normalize(script)] = new(() => CodePointSet.Parse(ranges));
        return named;
    }

    /// <summary>The union of the categories that <paramref name="key"/> stands for.</summary>
    private static CodePointSet Members(string key)
    {
        string members = UnicodeData.Categories.First(category => category.Key == key).Members;
        return members.Split(' ').Select(member => Of(UnicodeData.CategoryOf(member))).Aggregate((left, right) => left.Union(right));
    }

    private static CodePointSet[] ReadCategories()
    {
        List<(int, int)>[] ranges = [.. Enumerable.Range(0, 30).Select(_ => new List<(int, int)>())];
        int first = 0;
        UnicodeCategory current = CharUnicodeInfo.GetUnicodeCategory(0);
        for (int codePoint = 1; codePoint <= CodePointSet.CodePointsEnd; codePoint++)
        {
            UnicodeCategory? category = codePoint < CodePointSet.CodePointsEnd ? CharUnicodeInfo.GetUnicodeCategory(codePoint) : null;
            if (category == current)
                continue;
            ranges[(int)current].Add((first, codePoint - 1));
            first = codePoint;
            current = category ?? current;
        }
        return [.. ranges.Select(CodePointSet.OfRanges)];
    }
}
