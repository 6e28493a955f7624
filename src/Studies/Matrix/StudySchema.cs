using System.Text.Json;
using System.Text.Json.Nodes;

namespace Neuralink.Studies.Matrix;

/// <summary>The JSON schema of study files (draft 2020-12), made from the same description that they are read by.</summary>
public static class StudySchema
{
    private static readonly JsonSerializerOptions s_indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The schema as text.</summary>
    public static string Text => Document().ToJsonString(s_indented);

    private static JsonObject Document() => new()
    {
        ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
        ["title"] = "A throughput study of Neuralink",
        ["type"] = "object",
        ["required"] = new JsonArray(
            StudyFile.FormatKey, StudyFile.VersionKey, StudyFile.TitleKey, StudyFile.QuestionKey, StudyFile.MatricesKey),
        ["additionalProperties"] = false,
        ["properties"] = new JsonObject
        {
            [StudyFile.SchemaKey] = Described(new JsonObject { ["type"] = "string" }, "This schema's path, for editors."),
            [StudyFile.FormatKey] = new JsonObject { ["const"] = StudyFile.FormatName },
            [StudyFile.VersionKey] = new JsonObject { ["const"] = StudyFile.CurrentVersion },
            [StudyFile.TitleKey] = Described(Text1(), "What is studied."),
            [StudyFile.QuestionKey] = Described(Text1(), "What the report begins with."),
            [StudyFile.MatricesKey] = Described(
                new JsonObject { ["type"] = "array", ["minItems"] = 1, ["items"] = Matrix() },
                "The cells of all matrices are run, each once."),
        },
    };

    private static JsonObject Matrix()
    {
        JsonObject properties = [];
        foreach (StudyKey key in StudyKeys.All)
            properties[key.Name] = Described(OneOrList(key), key.Description);
        return new JsonObject
        {
            ["description"] = "Every combination of what the lists have is a cell.",
            ["type"] = "object",
            ["required"] = new JsonArray([.. StudyKeys.All.Where(key => key.IsRequired).Select(key => (JsonNode)key.Name)]),
            ["additionalProperties"] = false,
            ["properties"] = properties,
        };
    }

    private static JsonObject OneOrList(StudyKey key) => new()
    {
        ["anyOf"] = new JsonArray(
            key.Schema(), new JsonObject { ["type"] = "array", ["minItems"] = 1, ["items"] = key.Schema() }),
    };

    private static JsonObject Text1() => new() { ["type"] = "string", ["minLength"] = 1 };

    private static JsonObject Described(JsonObject schema, string description)
    {
        schema.Insert(0, "description", description);
        return schema;
    }
}
