using System.Text;
using System.Text.Json;

namespace Neuralink.Storage.Json;

/// <summary>Where a reader of JSON stands, kept while it goes from token to token.</summary>
internal sealed class JsonPlace
{
    private readonly Stack<Level> _levels = [];

    /// <summary>The place of the current value, e.g. "added_tokens[3].id".</summary>
    public string Path => Describe(_levels);

    /// <summary>The place of the object or list that the current value is in.</summary>
    public string Parent => Describe(_levels.Skip(1));

    /// <summary>The current name.</summary>
    public string Name => _levels.TryPeek(out Level? level) ? level.Name ?? "" : "";

    /// <summary>Comes to the value called <paramref name="name"/>; false where its object had one of that name.</summary>
    public bool Enter(string name)
    {
        Level level = _levels.Peek();
        level.Name = name;
        return level.Names!.Add(name);
    }

    /// <summary>Goes past a token.</summary>
    public void Pass(JsonTokenType token)
    {
        switch (token)
        {
            case JsonTokenType.PropertyName:
                return;
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                _levels.Pop();
                break;
            case JsonTokenType.StartObject:
                _levels.Push(new Level { Names = new HashSet<string>(StringComparer.Ordinal) });
                return;
            case JsonTokenType.StartArray:
                _levels.Push(new Level());
                return;
        }
        if (_levels.TryPeek(out Level? level) && level.Names is null)
            level.Index++;
    }

    private static string Describe(IEnumerable<Level> levels)
    {
        StringBuilder path = new();
        foreach (Level level in levels.Reverse())
        {
            if (level.Names is null)
                path.Append($"[{level.Index}]");
            else if (level.Name is not null)
                path.Append(path.Length == 0 ? level.Name : $".{level.Name}");
        }
        return path.ToString();
    }

    private sealed class Level
    {
        /// <summary>The names so far, of an object; null for a list.</summary>
        public HashSet<string>? Names { get; init; }

        public string? Name { get; set; }

        public int Index { get; set; }
    }
}
