namespace Neuralink.Models.Tokenizers.Patterns;

/// <summary>How often a part of a pattern is repeated, as it is written behind the part.</summary>
/// <param name="Min">At least so often.</param>
/// <param name="Max">At most so often, or null without a limit.</param>
/// <param name="IsLazy">As seldom as possible.</param>
/// <param name="IsPossessive">What was taken is never given back.</param>
internal readonly record struct Quantifier(int Min, int? Max, bool IsLazy, bool IsPossessive)
{
    public PatternNode Around(PatternNode node)
    {
        RepeatNode repeat = new(node, Min, Max, IsLazy);
        return IsPossessive ? new AtomicNode(repeat) : repeat;
    }

    /// <summary>Reads a quantifier, or returns null where none stands: a brace that is no interval stands for itself.</summary>
    public static Quantifier? TryRead(PatternCursor cursor)
    {
        switch (cursor.Peek())
        {
            case '*':
                cursor.Take();
                return Suffixed(cursor, 0, null);
            case '+':
                cursor.Take();
                return Suffixed(cursor, 1, null);
            case '?':
                cursor.Take();
                return Suffixed(cursor, 0, 1);
            case '{':
                int start = cursor.Position;
                cursor.Take();
                if (Interval(cursor) is { } interval)
                    return interval;
                cursor.Position = start;
                return null;
            default:
                return null;
        }
    }

    private static Quantifier Suffixed(PatternCursor cursor, int min, int? max)
    {
        bool isLazy = cursor.TakeIf('?');
        return new Quantifier(min, max, isLazy, IsPossessive: !isLazy && cursor.TakeIf('+'));
    }

    // {n}, {n,}, {n,m} or {,m}. Only the last three take a '?' along, and none a '+': these are quantifiers of the quantified part then.
    // {n,m} with n above m is Oniguruma's possessive interval.
    private static Quantifier? Interval(PatternCursor cursor)
    {
        int? low = cursor.TakeNumber();
        if (!cursor.TakeIf(','))
            return low is { } fixedCount && cursor.TakeIf('}') ? new Quantifier(fixedCount, fixedCount, false, false) : null;
        int? high = cursor.TakeNumber();
        if ((low is null && high is null) || !cursor.TakeIf('}'))
            return null;
        if (low > high)
            return new Quantifier(high.Value, low, IsLazy: false, IsPossessive: true);
        return new Quantifier(low ?? 0, high, IsLazy: cursor.TakeIf('?'), IsPossessive: false);
    }
}
