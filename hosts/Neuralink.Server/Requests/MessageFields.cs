using System.Text.Json;
using Neuralink.Hosting.Cluster;
using Neuralink.Models.ChatTemplates;
using Neuralink.Server.Errors;

namespace Neuralink.Server.Requests;

/// <summary>Reads a conversation, as OpenAI's and Ollama's clients send it.</summary>
internal static class MessageFields
{
    private const string Name = "messages", Assistant = "assistant";

    private static readonly Dictionary<string, string> s_roles = new(StringComparer.Ordinal)
    {
        ["system"] = "system",
        ["developer"] = "system",      // its newer name
        ["user"] = "user",
        [Assistant] = Assistant,
        ["tool"] = "tool",
        ["function"] = "function",
    };

    /// <summary>The messages; at least one.</summary>
    public static IReadOnlyList<ChatMessage> Read(Fields fields)
    {
        JsonElement[] messages = fields.List(Name) ?? throw ApiException.Invalid(Name, "an array of messages", "none");
        return messages.Length > 0 ? [.. messages.Select(ReadOne)] : throw ApiException.Invalid(Name, "at least one message", "none");
    }

    /// <summary>A name for a conversation that every later turn has too: by its messages up to the first of the user.</summary>
    public static string ConversationOf(IReadOnlyList<ChatMessage> messages)
    {
        int opening = messages.TakeWhile(message => message.Role != "user").Count() + 1;
        return ConversationKey.OfMessages(messages.Take(opening).Select(message => (message.Role, message.Content)));
    }

    private static ChatMessage ReadOne(JsonElement element, int index)
    {
        string path = $"{Name}[{index}]";
        if (element.ValueKind != JsonValueKind.Object)
            throw ApiException.Invalid(path, "an object", Fields.Describe(element));
        Fields message = new(element, path);
        string named = message.Text("role") ?? throw ApiException.Invalid(message.PathOf("role"), "a role", "none");
        if (!s_roles.TryGetValue(named, out string? role))
            throw message.Refuse("role", string.Join(", ", s_roles.Keys), message["role"]!.Value);
        if (message["images"] is { } images && !(images.ValueKind == JsonValueKind.Array && images.GetArrayLength() == 0))
            throw ApiException.Unsupported(message.PathOf("images"), "this server takes text only");
        return new ChatMessage(role, ReadContent(message, role)) { Fields = ReadOthers(message) };
    }

    private static string ReadContent(Fields message, string role)
    {
        const string name = "content";
        if (message[name] is not { } content)
        {
            // What called a tool had nothing to say.
            return role == Assistant && message["tool_calls"] is not null ? ""
                : throw ApiException.Invalid(message.PathOf(name), "a string or an array of text parts", "none");
        }
        return content.ValueKind switch
        {
            JsonValueKind.String => Fields.TextOf(content, message.PathOf(name)),
            JsonValueKind.Array => string.Join(
                '\n', content.EnumerateArray().Select((part, i) => ReadPart(part, $"{message.PathOf(name)}[{i}]"))),
            _ => throw message.Refuse(name, "a string or an array of text parts", content),
        };
    }

    private static string ReadPart(JsonElement element, string path)
    {
        if (element.ValueKind == JsonValueKind.String)
            return Fields.TextOf(element, path);
        if (element.ValueKind != JsonValueKind.Object)
            throw ApiException.Invalid(path, "a content part, an object", Fields.Describe(element));
        Fields part = new(element, path);
        string type = part.Text("type") ?? throw ApiException.Invalid(part.PathOf("type"), "the type of a content part", "none");
        string name = type switch
        {
            "text" or "input_text" or "output_text" => "text",
            "refusal" => "refusal",
            _ => throw part.Refuse("type", "a content part of type text, as this server takes text only", part["type"]!.Value),
        };
        return part.Text(name) ?? throw ApiException.Invalid(part.PathOf(name), "a string", "none");
    }

    // What a template may ask for beside role and content.
    private static Dictionary<string, JsonElement> ReadOthers(Fields message) => message.All
        .Where(field => field.Name is "name" or "tool_calls" or "tool_call_id" or "tool_name" or "reasoning_content")
        .Where(field => field.Value.ValueKind != JsonValueKind.Null)
        .DistinctBy(field => field.Name, StringComparer.Ordinal)
        .ToDictionary(field => field.Name, field => field.Value, StringComparer.Ordinal);
}
