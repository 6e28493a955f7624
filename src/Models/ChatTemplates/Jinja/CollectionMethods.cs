namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>The methods of lists and dictionaries that change nothing. The others are refused, as transformers' sandbox does.</summary>
internal static class CollectionMethods
{
    private static readonly string[] s_changingMaps = ["clear", "pop", "popitem", "setdefault", "update"];
    private static readonly string[] s_changingLists = ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"];

    public static JinjaFunction? Find(JinjaDictionary map, string name) => name switch
    {
        "get" => Method(name, a => Get(map, a.Take("key"), a.Take("default", null))),
        "items" => Method(name, _ => Pairs(map)),
        "keys" => Method(name, _ => JinjaList.Of(map.Keys)),
        "values" => Method(name, _ => JinjaList.Of(map.Values)),
        "copy" => Method(name, _ => map.Copy()),
        _ => s_changingMaps.Contains(name) ? Refused(name, "a dictionary") : null,
    };

    public static JinjaFunction? Find(JinjaList list, string name) => name switch
    {
        "index" => Method(name, a => IndexOf(list, a.Take("value"))),
        "count" => Method(name, a => CountOf(list, a.Take("value"))),
        "copy" => Method(name, _ => list),
        _ => !list.IsTuple && s_changingLists.Contains(name) ? Refused(name, "a list") : null,
    };

    /// <summary>dict.items(): a list of tuples.</summary>
    public static JinjaList Pairs(JinjaDictionary map) => JinjaList.Of(map.Items.Select(pair => JinjaList.Tuple(pair.Key, pair.Value)));

    private static object? Get(JinjaDictionary map, object? key, object? fallback) =>
        map.TryGet(key, out object? value) ? value : fallback;

    private static long IndexOf(JinjaList list, object? value)
    {
        for (int i = 0; i < list.Items.Count; i++)
        {
            if (JinjaOperators.AreEqual(list.Items[i], value))
                return i;
        }
        throw new JinjaException("the index of a value that is not in the list");
    }

    private static long CountOf(JinjaList list, object? value) => list.Items.Count(item => JinjaOperators.AreEqual(item, value));

    private static JinjaFunction Method(string name, Func<CallArguments, object?> call) => new(name, (arguments, _) =>
    {
        object? result = call(arguments);
        arguments.End();
        return result;
    });

    private static JinjaFunction Refused(string name, string what) =>
        new(name, (_, _) => throw new JinjaException($"'{name}' of {what}: a template may not change what it was given"));
}
