using System.Text.Json;
using Neuralink.Server.Errors;
using Neuralink.Server.Generation;

namespace Neuralink.Server.Requests;

/// <summary>The prompts of a completion: a text, token ids, or a list of either.</summary>
internal static class PromptFields
{
    private const string Name = "prompt", Expected = "a string, an array of strings, of token ids, or of arrays of token ids";

    /// <summary>A prompt's tokens, and its text as far as the client sent one.</summary>
    internal readonly record struct Prompt(int[] Tokens, string? Text);

    /// <summary>The prompts, at least one.</summary>
    /// <param name="fields">The body.</param>
    /// <param name="model">Encodes them.</param>
    /// <param name="promptsMax">The most there may be.</param>
    public static IReadOnlyList<Prompt> Read(Fields fields, ServedModel model, int promptsMax)
    {
        JsonElement value = fields[Name] ?? throw ApiException.Invalid(Name, Expected, "none");
        if (value.ValueKind == JsonValueKind.String)
            return [ReadText(value, Name, model)];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
            throw fields.Refuse(Name, Expected, value);
        if (value[0].ValueKind == JsonValueKind.Number)
            return [new Prompt(ReadIds(value, Name, model), Text: null)];
        return value.GetArrayLength() <= promptsMax
            ? [.. value.EnumerateArray().Select((item, i) => ReadItem(item, $"{Name}[{i}]", model))]
            : throw fields.Refuse(Name, $"at most {promptsMax} prompts", value);
    }

    /// <summary>Token ids, all of which the model has.</summary>
    public static int[] ReadIds(JsonElement value, string path, ServedModel model)
    {
        int[] tokens = new int[value.GetArrayLength()];
        int count = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            tokens[count++] = Fields.TryInteger(item, out long id) && id is >= 0 and <= int.MaxValue ? (int)id
                : throw ApiException.Invalid($"{path}[{count - 1}]", "a token id", Fields.Describe(item));
        }
        return tokens.Length > 0 ? model.Checked(tokens, path) : throw ApiException.Invalid(path, "at least one token", "none");
    }

    private static Prompt ReadItem(JsonElement item, string path, ServedModel model) => item.ValueKind switch
    {
        JsonValueKind.String => ReadText(item, path, model),
        JsonValueKind.Array => new Prompt(ReadIds(item, path, model), Text: null),
        _ => throw ApiException.Invalid(path, "a string or an array of token ids, as the first one", Fields.Describe(item)),
    };

    private static Prompt ReadText(JsonElement item, string path, ServedModel model)
    {
        string text = Fields.TextOf(item, path);
        return new Prompt(model.Encode(text, path), text);
    }
}
