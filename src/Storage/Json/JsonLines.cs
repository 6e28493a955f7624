using System.Text.Json;

namespace Neuralink.Storage.Json;

/// <summary>
/// In which line of a JSON text a value stands, for errors in files that people write. The text is read once more, and only when there is
/// an error.
/// </summary>
public static class JsonLines
{
    /// <summary>The line, from 1 on, of a value, or of the key that comes before it.</summary>
    /// <param name="json">The text, which is JSON.</param>
    /// <param name="where">The value's place, e.g. "matrices[0].device[2]"; empty for the root.</param>
    /// <returns>1 where there is no such place.</returns>
    public static int LineOf(ReadOnlySpan<byte> json, string where)
    {
        Utf8JsonReader reader = new(json);
        JsonPlace place = new();
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
                _ = place.Enter(reader.GetString()!);
            if (reader.TokenType is not (JsonTokenType.EndObject or JsonTokenType.EndArray) && place.Path == where)
                return 1 + json[..(int)reader.TokenStartIndex].Count((byte)'\n');
            place.Pass(reader.TokenType);
        }
        return 1;
    }
}
