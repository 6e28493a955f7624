using System.Text;
using System.Text.Json;

namespace Neuralink.Storage.Json;

/// <summary>
/// What keeps a JSON text from being read, with the place in it: found by reading it once more, token by token, because the parser's own
/// exceptions name neither the key that comes twice nor the object that it stands in.
/// </summary>
/// <param name="Where">The place, e.g. "rope_scaling.factor"; empty for the root.</param>
/// <param name="Expected">What had to hold there.</param>
/// <param name="Found">What is there.</param>
/// <param name="Advice">What to do.</param>
internal sealed record JsonFault(string Where, string Expected, string Found, string Advice)
{
    private const int ShownCharsMax = 80;

    // What people and Python write that is not JSON.
    private static readonly string[] s_otherLiterals = ["NaN", "Infinity", "-Infinity", "None", "True", "False", "//", "/*", "#", "'"];

    /// <summary>The place as it stands behind a file's name in a message.</summary>
    public string At => Where.Length == 0 ? "" : $" at {Shown(Where)}";

    /// <summary>The first fault of <paramref name="json"/>, which a parser has refused.</summary>
    public static JsonFault Find(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json);
        JsonPlace place = new();
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && !place.Enter(reader.GetString()!))
                {
                    return new JsonFault(
                        place.Parent, "each key once", $"\"{Shown(place.Name)}\" twice", "delete the one that is not meant");
                }
                place.Pass(reader.TokenType);
            }
        }
        catch (JsonException error)
        {
            string reason = Literal(json[(int)reader.BytesConsumed..]) ?? Reason(error);
            return new JsonFault(
                place.Path, "JSON", $"bad JSON at line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}: {reason}",
                "correct it, or get the file again");
        }
        catch (InvalidOperationException)
        {
            // The reader decodes a name when it is asked for, and finds out then.
        }
        return new JsonFault(place.Path, "names that are valid Unicode", "an unpaired surrogate", "get the file again");
    }

    /// <summary>A text of the file as a message shows it: on one line, and cut to its length.</summary>
    public static string Shown(string text)
    {
        string line = string.Concat(text.Take(ShownCharsMax).Select(c => char.IsControl(c) ? ' ' : c));
        return text.Length <= ShownCharsMax ? line : line + "...";
    }

    private static string? Literal(ReadOnlySpan<byte> rest)
    {
        rest = rest.TrimStart(" \t\r\n:,"u8);
        foreach (string literal in s_otherLiterals)
        {
            if (rest.StartsWith(Encoding.ASCII.GetBytes(literal)))
                return $"{literal}, which JSON does not have";
        }
        return rest.IsEmpty ? "the end of the file" : null;
    }

    // The parser adds the place in its own words, and its numbers begin at 0.
    private static string Reason(JsonException error)
    {
        int end = error.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (end < 0 ? error.Message : error.Message[..end]).TrimEnd('.').ReplaceLineEndings(" ");
    }
}
