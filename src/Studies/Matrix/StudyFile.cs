using System.Text.Json;
using Neuralink.Storage;
using Neuralink.Storage.Json;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Reports;

namespace Neuralink.Studies.Matrix;

/// <summary>
/// Reads study files (docs/formats/study.md). Every refusal names the file, the line, the key, what is allowed there and what was found.
/// </summary>
public sealed class StudyFile
{
    /// <summary>The only value of "format".</summary>
    public const string FormatName = "neuralink-study";

    /// <summary>The version that this code reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The keys of the file itself.</summary>
    internal const string FormatKey = "format", VersionKey = "format_version", TitleKey = "title", QuestionKey = "question",
        MatricesKey = "matrices", SchemaKey = "$schema";

    private const long LengthBytesMax = 1 << 20;

    private static readonly string[] s_keys = [SchemaKey, FormatKey, VersionKey, TitleKey, QuestionKey, MatricesKey];

    private readonly string _path;
    private readonly byte[] _bytes;

    private StudyFile(string path, byte[] bytes) => (_path, _bytes) = (path, bytes);

    /// <summary>Reads a file.</summary>
    /// <exception cref="NeuralinkException">It cannot be read, or is not as it must be.</exception>
    public static Study Read(string path) =>
        Parse(Path.GetFileNameWithoutExtension(path), path, JsonFile.ReadBytes(path, LengthBytesMax));

    /// <summary>The same of bytes that were read.</summary>
    /// <param name="name">The study's name.</param>
    /// <param name="path">Where they are from, for errors.</param>
    /// <param name="bytes">All of it.</param>
    internal static Study Parse(string name, string path, byte[] bytes) => new StudyFile(path, bytes).Parse(name);

    private Study Parse(string name)
    {
        using JsonDocument document = JsonFile.Parse(_path, _bytes);
        JsonElement root = document.RootElement;
        ExpectFormat(root);
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (!s_keys.Contains(property.Name, StringComparer.Ordinal))
                throw UnknownKey("", property.Name, s_keys);
        }
        string title = Text(root, TitleKey), question = Text(root, QuestionKey);
        JsonElement matrices = Require(root, "", MatricesKey, JsonValueKind.Array, "a list of one matrix or more");
        if (matrices.GetArrayLength() == 0)
            throw Refuse(MatricesKey, "a list of one matrix or more", "an empty list");
        StudyCell[] cells = [.. matrices.EnumerateArray().Index().SelectMany(m => Cells($"{MatricesKey}[{m.Index}]", m.Item)).Distinct()];
        return cells.Length <= StudyMatrix.CellsMax
            ? new Study(name, title, question, cells, outcomes => MatrixReport.Of(title, question, outcomes))
            : throw TooMany(MatricesKey, cells.Length);
    }

    // Before any other key, so that a file of another kind is called that.
    private void ExpectFormat(JsonElement root)
    {
        bool isOurs = root.TryGetProperty(FormatKey, out JsonElement format) && format.ValueKind == JsonValueKind.String
            && format.ValueEquals(FormatName);
        if (!isOurs)
            throw Refuse(FormatKey, $"\"{FormatName}\"", Found(format), "this file is no study");
        bool isCurrent = root.TryGetProperty(VersionKey, out JsonElement version) && version.ValueKind == JsonValueKind.Number
            && version.TryGetInt32(out int number) && number == CurrentVersion;
        if (!isCurrent)
            throw Refuse(VersionKey, $"{CurrentVersion}", Found(version), "see 'neuralink study --schema'");
    }

    private IReadOnlyList<StudyCell> Cells(string where, JsonElement matrix)
    {
        if (matrix.ValueKind != JsonValueKind.Object)
            throw Refuse(where, "an object of lists", Found(matrix));
        string[] known = [.. StudyKeys.All.Select(key => key.Name)];
        foreach (JsonProperty property in matrix.EnumerateObject())
        {
            if (!known.Contains(property.Name, StringComparer.Ordinal))
                throw UnknownKey(where, property.Name, known);
        }
        List<IReadOnlyList<StudyMatrix.Change>> dimensions = [];
        foreach (StudyKey key in StudyKeys.All)
        {
            if (matrix.TryGetProperty(key.Name, out JsonElement value))
                dimensions.Add(Values($"{where}.{key.Name}", key, value));
            else if (key.IsRequired)
                throw Refuse(where, $"the key {key.Name} with {key.Expected}", "none");
        }
        double count = StudyMatrix.CountOf(dimensions);
        return count <= StudyMatrix.CellsMax ? StudyMatrix.Expand(dimensions) : throw TooMany(where, count);
    }

    private StudyMatrix.Change[] Values(string where, StudyKey key, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
            return [Value(where, key, value)];
        StudyMatrix.Change[] values = [.. value.EnumerateArray().Index().Select(v => Value($"{where}[{v.Index}]", key, v.Item))];
        return values.Length > 0 ? values : throw Refuse(where, $"one value or more: {key.Expected}", "an empty list");
    }

    private StudyMatrix.Change Value(string where, StudyKey key, JsonElement element)
    {
        JsonElement kept = element.Clone();
        StudyCell probe = new() { Model = "", Device = "" };
        return key.With(probe, kept) is not null ? cell => key.With(cell, kept)! : throw Refuse(where, key.Expected, Found(element));
    }

    private string Text(JsonElement root, string key)
    {
        JsonElement value = Require(root, "", key, JsonValueKind.String, "a text");
        return StudyValues.Text("a text").Read(value, out string text) ? text : throw Refuse(key, "a text", Found(value));
    }

    private JsonElement Require(JsonElement map, string where, string key, JsonValueKind kind, string expected) =>
        map.TryGetProperty(key, out JsonElement value) && value.ValueKind == kind
            ? value
            : throw Refuse(value.ValueKind == JsonValueKind.Undefined ? where : key, $"the key {key} with {expected}", Found(value));

    private NeuralinkException UnknownKey(string where, string key, IEnumerable<string> known) =>
        Refuse(where.Length == 0 ? key : $"{where}.{key}", $"one of the keys {string.Join(", ", known)}", $"\"{JsonFile.Shown(key)}\"");

    private NeuralinkException TooMany(string where, double count) =>
        Refuse(where, $"at most {StudyMatrix.CellsMax} cells", $"{count:0}", "make several studies of it");

    private NeuralinkException Refuse(string where, string expected, string found, string? advice = null)
    {
        int line = JsonLines.LineOf(JsonFile.Content(_bytes).Span, where);
        return new($"read {_path}, line {line}{(where.Length == 0 ? "" : $", {JsonFile.Shown(where)}")}", expected, found, advice);
    }

    private static string Found(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Undefined => "none",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => JsonFile.Shown(element.GetRawText()),
    };
}
