using System.Globalization;
using System.Text;

namespace Neuralink.Models.Tokenizers.Unicode;

/// <summary>
/// Unicode's normal forms (UAX #15), by tables of our own: the runtime normalises nothing while InvariantGlobalization is on, and Hugging
/// Face's tokenizers do it by Unicode 9.0, in which younger characters neither decompose nor combine.
/// </summary>
internal static class NormalForm
{
    private static readonly Lazy<Dictionary<int, byte>> s_classes = new(ReadClasses);
    private static readonly Lazy<Dictionary<int, int[]>> s_canonical = new(() => Read(CanonicalData.Decompositions));
    private static readonly Lazy<Dictionary<int, int[]>> s_compatible = new(() => Read(CompatibilityData.Decompositions));
    private static readonly Lazy<Dictionary<(int, int), int>> s_composed = new(ReadComposed);
    private static readonly Lazy<CodePointSet> s_canonicallyActive = new(() => Active(s_canonical.Value.Keys));
    private static readonly Lazy<CodePointSet> s_active = new(() => Active(s_canonical.Value.Keys.Concat(s_compatible.Value.Keys)));

    public static string Of(string text, NormalizationForm form)
    {
        bool isCompatible = form is NormalizationForm.FormKC or NormalizationForm.FormKD;
        if (IsUnchanged(text, isCompatible ? s_active.Value : s_canonicallyActive.Value))
            return text;
        List<int> codePoints = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            Decompose(rune.Value, isCompatible, codePoints);
        Order(codePoints);
        if (form is NormalizationForm.FormC or NormalizationForm.FormKC)
            Compose(codePoints);
        StringBuilder normal = new(text.Length);
        foreach (int codePoint in codePoints)
            normal.Append(new Rune(codePoint));
        return normal.ToString();
    }

    // Most texts have no character that takes part in any of it.
    private static bool IsUnchanged(string text, CodePointSet active)
    {
        const char firstActive = '\u00A0';
        if (text.AsSpan().IndexOfAnyInRange(firstActive, char.MaxValue) < 0)
            return true;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (active.Contains(rune.Value))
                return false;
        }
        return true;
    }

    private static void Decompose(int codePoint, bool isCompatible, List<int> codePoints)
    {
        if (Hangul.IsSyllable(codePoint))
            Hangul.Decompose(codePoint, codePoints);
        else if (s_canonical.Value.TryGetValue(codePoint, out int[]? parts)
            || (isCompatible && s_compatible.Value.TryGetValue(codePoint, out parts)))
        {
            foreach (int part in parts)
                Decompose(part, isCompatible, codePoints);
        }
        else
        {
            codePoints.Add(codePoint);
        }
    }

    /// <summary>Sorts each run of combining characters by class; equal ones stay in order.</summary>
    private static void Order(List<int> codePoints)
    {
        for (int start = 0, end; start < codePoints.Count; start = end)
        {
            end = start + 1;
            while (end < codePoints.Count && ClassOf(codePoints[start]) != 0 && ClassOf(codePoints[end]) != 0)
                end++;
            if (end - start == 1)
                continue;
            int[] sorted = [.. codePoints.GetRange(start, end - start).OrderBy(ClassOf)];      // a stable sort
            for (int i = 0; i < sorted.Length; i++)
                codePoints[start + i] = sorted[i];
        }
    }

    /// <summary>Joins each character with the starter before it, where nothing between them blocks it and a composite exists.</summary>
    private static void Compose(List<int> codePoints)
    {
        int starter = -1, kept = 0;
        byte last = 0;
        foreach (int codePoint in codePoints.ToArray())
        {
            byte combining = ClassOf(codePoint);
            bool isBlocked = starter >= 0 && kept - 1 > starter && (last >= combining || last == 0);
            if (starter >= 0 && !isBlocked && TryCompose(codePoints[starter], codePoint) is { } composed)
            {
                codePoints[starter] = composed;
                continue;
            }
            if (combining == 0)
                starter = kept;
            last = combining;
            codePoints[kept++] = codePoint;
        }
        codePoints.RemoveRange(kept, codePoints.Count - kept);
    }

    private static int? TryCompose(int first, int second) =>
        Hangul.Compose(first, second) ?? (s_composed.Value.TryGetValue((first, second), out int composed) ? composed : null);

    private static byte ClassOf(int codePoint) => s_classes.Value.GetValueOrDefault(codePoint);

    private static CodePointSet Active(IEnumerable<int> decomposed) => CodePointSet.OfRanges(decomposed
        .Concat(s_classes.Value.Keys)
        .Concat(s_composed.Value.Keys.Select(pair => pair.Item2))
        .Select(codePoint => (codePoint, codePoint)).Concat(Hangul.ActiveRanges));

    private static Dictionary<int, byte> ReadClasses()
    {
        Dictionary<int, byte> classes = [];
        foreach (string entry in CanonicalData.Classes.Split(' '))
        {
            string[] parts = entry.Split(':');
            foreach ((int first, int last) in CodePointSet.Parse(parts[0]).Ranges)
            {
                for (int codePoint = first; codePoint <= last; codePoint++)
                    classes.Add(codePoint, byte.Parse(parts[1], CultureInfo.InvariantCulture));
            }
        }
        return classes;
    }

    private static Dictionary<int, int[]> Read(string entries) => entries.Split(' ').Select(entry => entry.Split(':'))
        .ToDictionary(parts => Hex(parts[0]), parts => parts[1].Split(',').Select(Hex).ToArray());

    private static Dictionary<(int, int), int> ReadComposed()
    {
        HashSet<int> excluded = [.. CanonicalData.NotComposed.Split(' ').Select(Hex)];
        return s_canonical.Value.Where(entry => entry.Value.Length == 2 && !excluded.Contains(entry.Key))
            .ToDictionary(entry => (entry.Value[0], entry.Value[1]), entry => entry.Key);
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
