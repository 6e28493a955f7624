using System.Runtime.ExceptionServices;

namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>The filters of lists.</summary>
internal static class SequenceFilters
{
    /// <summary>map('filter', ...) and map(attribute='name', default=...).</summary>
    public static object Map(object? value, CallArguments arguments, RenderState state)
    {
        if (arguments.TakeNamed("attribute", null) is { } attribute)
        {
            object? fallback = arguments.TakeNamed("default", null);
            return new JinjaGenerator(() => JinjaOperators.Items(value).Select(item => JinjaMembers.Path(item, attribute) switch
            {
                JinjaUndefined when fallback is not null => fallback,
                var found => found,
            }));
        }
        string name = arguments.TakeText("filter");
        IReadOnlyList<object?> rest = arguments.TakeRest();
        Dictionary<string, object?> named = arguments.NamedRest.ToDictionary(StringComparer.Ordinal);
        foreach (string taken in named.Keys)
            arguments.TakeNamed(taken, null);
        return new JinjaGenerator(() => JinjaOperators.Items(value).Select(item =>
        {
            state.Step();
            return JinjaFilters.Apply(name, item, new CallArguments($"the filter '{name}'", rest, named), state);
        }));
    }

    /// <summary>select, reject, selectattr and rejectattr: by a test, or by truth.</summary>
    public static object Select(object? value, CallArguments arguments, bool isAttribute, bool isReject)
    {
        object? attribute = isAttribute ? arguments.Take("attribute") : null;
        string? test = arguments.TakeTextOrNone("test");
        IReadOnlyList<object?> rest = arguments.TakeRest();
        return new JinjaGenerator(() => JinjaOperators.Items(value).Where(item =>
        {
            object? judged = isAttribute ? JinjaMembers.Path(item, attribute) : item;
            bool holds = test is null
                ? JinjaOperators.IsTrue(judged)
                : JinjaTests.Holds(test, judged, new CallArguments($"the test '{test}'", rest, CallArguments.NoneNamed));
            return holds != isReject;
        }));
    }

    public static object Sort(object? value, CallArguments arguments)
    {
        bool isReverse = arguments.TakeFlag("reverse", false), isExact = arguments.TakeFlag("case_sensitive", false);
        object? attribute = arguments.Take("attribute", null);
        List<(object? Key, object? Item)> keyed =
            [.. JinjaOperators.Items(value).Select(item => (Folded(At(item, attribute), isExact), item))];
        Comparer<object?> order = Comparer<object?>.Create(JinjaOperators.Compare);
        IEnumerable<(object? Key, object? Item)> sorted = Sorting(() =>
            isReverse ? keyed.OrderByDescending(pair => pair.Key, order).ToArray() : [.. keyed.OrderBy(pair => pair.Key, order)]);
        return JinjaList.Of(sorted.Select(pair => pair.Item));
    }

    public static object DictSort(object? value, CallArguments arguments)
    {
        if (value is not JinjaDictionary map)
            throw new JinjaException($"the filter 'dictsort' of {JinjaOperators.Describe(value)}");
        bool isExact = arguments.TakeFlag("case_sensitive", false);
        string by = JinjaOperators.ToText(arguments.Take("by", "key"));
        if (by is not ("key" or "value"))
            throw new JinjaException($"the filter 'dictsort' by '{by}', where it knows key and value");
        bool isReverse = arguments.TakeFlag("reverse", false);
        Comparer<object?> order = Comparer<object?>.Create(JinjaOperators.Compare);
        object? Key(KeyValuePair<object?, object?> pair) => Folded(by == "key" ? pair.Key : pair.Value, isExact);
        KeyValuePair<object?, object?>[] sorted =
            Sorting(() => isReverse ? map.Items.OrderByDescending(Key, order).ToArray() : [.. map.Items.OrderBy(Key, order)]);
        return JinjaList.Of(sorted.Select(pair => JinjaList.Tuple(pair.Key, pair.Value)));
    }

    /// <summary>Pairs of a value and those that have it, by ascending value.</summary>
    public static object GroupBy(object? value, object? attribute, object? fallback)
    {
        List<(object? Key, List<object?> Items)> groups = [];
        foreach (object? item in JinjaOperators.Items(value))
        {
            object? key = JinjaMembers.Path(item, attribute) is { } found and not JinjaUndefined ? found : fallback;
            int at = groups.FindIndex(group => JinjaOperators.AreEqual(group.Key, key));
            if (at < 0)
                groups.Add((key, [item]));
            else
                groups[at].Items.Add(item);
        }
        Comparer<object?> order = Comparer<object?>.Create((x, y) => JinjaOperators.Compare(Folded(x, false), Folded(y, false)));
        return JinjaList.Of(Sorting(() => groups.OrderBy(group => group.Key, order).ToArray())
            .Select(group => JinjaList.Tuple(group.Key, JinjaList.Of(group.Items))));
    }

    public static object Batch(object? value, long count, object? fill)
    {
        if (count < 1)
            throw new JinjaException($"the filter 'batch' of {count} items");
        return new JinjaGenerator(() => JinjaOperators.Items(value).Chunk((int)Math.Min(count, int.MaxValue)).Select(chunk =>
        {
            RenderState.CheckLength(fill is null ? 0 : count);
            return fill is null ? JinjaList.Of(chunk) : JinjaList.Of(chunk.Concat(Enumerable.Repeat(fill, (int)count - chunk.Length)));
        }));
    }

    public static object Join(object? value, CallArguments arguments)
    {
        string separator = JinjaOperators.ToText(arguments.Take("d", ""));
        object? attribute = arguments.Take("attribute", null);
        return StringMethods.Join(
            separator, JinjaList.Of(JinjaOperators.Items(value).Select(item => (object?)JinjaOperators.ToText(At(item, attribute)))));
    }

    public static object Reverse(object? value)
    {
        IReadOnlyList<object?> items = JinjaOperators.Items(value);
        return value is string ? string.Concat(items.Reverse()) : new JinjaGenerator(items.Reverse);
    }

    public static object? Extreme(object? value, CallArguments arguments, bool isMax)
    {
        bool isExact = arguments.TakeFlag("case_sensitive", false);
        object? attribute = arguments.Take("attribute", null);
        IReadOnlyList<object?> items = JinjaOperators.Items(value);
        if (items.Count == 0)
            return new JinjaUndefined("the extreme of nothing");
        return items.Aggregate((best, item) =>
        {
            int order = JinjaOperators.Compare(Folded(At(item, attribute), isExact), Folded(At(best, attribute), isExact));
            return (isMax ? order > 0 : order < 0) ? item : best;
        });
    }

    public static object? Sum(object? value, CallArguments arguments)
    {
        object? attribute = arguments.Take("attribute", null), start = arguments.Take("start", 0L);
        return JinjaOperators.Items(value).Aggregate(start, (sum, item) => JinjaArithmetic.Apply("+", sum, At(item, attribute)));
    }

    public static object Unique(object? value, CallArguments arguments)
    {
        bool isExact = arguments.TakeFlag("case_sensitive", false);
        object? attribute = arguments.Take("attribute", null);
        JinjaDictionary seen = new();
        return new JinjaGenerator(() => JinjaOperators.Items(value).Where(item =>
        {
            object? key = Folded(At(item, attribute), isExact);
            if (seen.TryGet(key, out _))
                return false;
            seen[key] = null;
            return true;
        }));
    }

    private static object? At(object? item, object? attribute) => attribute is null ? item : JinjaMembers.Path(item, attribute);

    private static object? Folded(object? key, bool isExact) => key is string text && !isExact ? text.ToLowerInvariant() : key;

    // .NET wraps what a comparison throws.
    private static T Sorting<T>(Func<T> sort)
    {
        try
        {
            return sort();
        }
        catch (InvalidOperationException error) when (error.InnerException is JinjaException inner)
        {
            ExceptionDispatchInfo.Throw(inner);
            throw;
        }
    }
}
