namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>Attributes, items and slices of values.</summary>
internal static class JinjaMembers
{
    /// <summary>value.name</summary>
    public static object? Attribute(object? value, string name) => value switch
    {
        JinjaUndefined => throw new JinjaException($"the attribute '{name}' of {JinjaOperators.Describe(value)}"),
        JinjaNamespace space => space.Values.TryGetValue(name, out object? set) ? set : new JinjaUndefined(name),
        JinjaLoop loop => loop.Attribute(name),
        string text => (object?)StringMethods.Find(text, name) ?? new JinjaUndefined(name),
        JinjaDictionary map => CollectionMethods.Find(map, name) ?? (map.TryGet(name, out object? item) ? item : new JinjaUndefined(name)),
        JinjaList list => (object?)CollectionMethods.Find(list, name) ?? new JinjaUndefined(name),
        _ => new JinjaUndefined(name),
    };

    /// <summary>value[key]</summary>
    public static object? Item(object? value, object? key)
    {
        switch (value)
        {
            case JinjaDictionary map when map.TryGet(key, out object? item):
                return item;
            case JinjaList or string when key is long or bool:
                long index = key is long number ? number : (bool)key ? 1 : 0;
                IReadOnlyList<object?> items = JinjaOperators.Items(value);
                long at = index < 0 ? index + items.Count : index;
                return at >= 0 && at < items.Count ? items[(int)at] : new JinjaUndefined($"item {index}");
            case JinjaUndefined:
                throw new JinjaException($"an item of {JinjaOperators.Describe(value)}");
            default:
                return key is string name ? Attribute(value, name) : new JinjaUndefined($"item {JinjaOperators.ToText(key)}");
        }
    }

    /// <summary>value[begin:end:by], of a list or a text.</summary>
    public static object Slice(object? value, object? begin, object? end, object? by)
    {
        if (value is JinjaUndefined)
            throw new JinjaException($"a part of {JinjaOperators.Describe(value)}");
        if (value is not (JinjaList or string))
            return new JinjaUndefined($"a part of {JinjaOperators.Describe(value)}");
        IReadOnlyList<object?> items = JinjaOperators.Items(value);
        long step = Bound(by) ?? 1;
        if (step == 0)
            throw new JinjaException("a slice by 0");
        long first = Clamp(Bound(begin), step > 0 ? 0 : items.Count - 1), last = Clamp(Bound(end), step > 0 ? items.Count : -1);
        List<object?> taken = [];
        for (long i = first; step > 0 ? i < last : i > last; i += step)
        {
            taken.Add(items[(int)i]);
            if (Math.Abs(step) > items.Count)
                break;
        }
        return value is JinjaList list ? new JinjaList(taken, list.IsTuple) : string.Concat(taken.Cast<string>());

        long Clamp(long? bound, long absent)
        {
            if (bound is not { } at)
                return absent;
            if (at < 0)
                at = Math.Max(at, -items.Count - 1) + items.Count;
            return step > 0 ? Math.Clamp(at, 0, items.Count) : Math.Clamp(at, -1, items.Count - 1);
        }
    }

    /// <summary>The attribute of a filter, "a.b.0", of <paramref name="value"/>.</summary>
    public static object? Path(object? value, object? path)
    {
        if (path is long)
            return Item(value, path);
        if (path is not string text)
            throw new JinjaException($"{JinjaOperators.Describe(path)} as an attribute's name");
        foreach (string part in text.Split('.'))
            value = Item(value, long.TryParse(part, out long index) ? index : part);
        return value;
    }

    private static long? Bound(object? bound) => bound switch
    {
        null => null,
        long at => at,
        bool flag => flag ? 1 : 0,
        _ => throw new JinjaException($"{JinjaOperators.Describe(bound)} as a slice's bound"),
    };
}
