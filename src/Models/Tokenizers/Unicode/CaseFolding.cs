using System.Globalization;

namespace Neuralink.Models.Tokenizers.Unicode;

/// <summary>
/// Which letters are the same apart from their case, by Unicode 16's CaseFolding.txt: the long s is an s, and the Kelvin sign is a k.
/// Letters that are several letters in another case (ß is ss) are told apart, because no set of single characters can express them.
/// </summary>
internal static class CaseFolding
{
    private static readonly Lazy<Dictionary<int, int>> s_folds = new(ReadFolds);
    private static readonly Lazy<Dictionary<int, int[]>> s_families = new(ReadFamilies);
    private static readonly Lazy<Dictionary<int, int[]>> s_longFolds = new(ReadLongFolds);

    /// <summary><paramref name="set"/> and every letter that differs from one of its members by case only.</summary>
    public static CodePointSet Close(CodePointSet set)
    {
        List<(int, int)> added = [];
        foreach ((int folded, int[] family) in s_families.Value)
        {
            if (set.Search(folded) || Array.Exists(family, set.Search))
                added.AddRange(family.Append(folded).Select(letter => (letter, letter)));
        }
        return added.Count == 0 ? set : set.Union(CodePointSet.OfRanges(added));
    }

    /// <summary>Whether this letter is several letters in another case.</summary>
    public static bool HasLongFold(int codePoint) => s_longFolds.Value.ContainsKey(codePoint);

    /// <summary>A letter of the set that is several letters in another case, or null.</summary>
    public static int? FindLongFoldIn(CodePointSet set)
    {
        foreach (int letter in s_longFolds.Value.Keys)
        {
            if (set.Search(letter))
                return letter;
        }
        return null;
    }

    /// <summary>A letter that, in another case, is some of these letters one after the other; or null.</summary>
    public static int? FindLongFold(IReadOnlyList<int> letters)
    {
        int[] folded = [.. letters.Select(letter => s_folds.Value.GetValueOrDefault(letter, letter))];
        foreach ((int letter, int[] sequence) in s_longFolds.Value)
        {
            if (folded.AsSpan().IndexOf(sequence) >= 0)
                return letter;
        }
        return null;
    }

    // "41-5A+20": 41 to 5A each fold to the code point 20 further on; "/2": only every second of them.
    private static Dictionary<int, int> ReadFolds()
    {
        Dictionary<int, int> folds = [];
        foreach (string run in UnicodeData.SimpleFolds.Split(' '))
        {
            int sign = run.LastIndexOfAny(['+', '-']);
            int delta = Hex(run[(sign + 1)..]) * (run[sign] == '-' ? -1 : 1);
            string[] letters = run[..sign].Split('/');
            string[] ends = letters[0].Split('-');
            int step = letters.Length == 2 ? 2 : 1;
            for (int letter = Hex(ends[0]); letter <= Hex(ends[^1]); letter += step)
                folds.Add(letter, letter + delta);
        }
        return folds;
    }

    private static Dictionary<int, int[]> ReadFamilies() =>
        s_folds.Value.GroupBy(fold => fold.Value).ToDictionary(family => family.Key, family => family.Select(fold => fold.Key).ToArray());

    private static Dictionary<int, int[]> ReadLongFolds() => UnicodeData.LongFolds.Split(' ').Select(fold => fold.Split(':'))
        .ToDictionary(fold => Hex(fold[0]), fold => fold[1].Split(',').Select(Hex).ToArray());

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
