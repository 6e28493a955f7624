using System.Text.Json;
using Neuralink.Models.ChatTemplates.Jinja;

namespace Neuralink.Models.ChatTemplates;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">Who speaks: system, user, assistant, or what else the template knows.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>More fields, as a template may ask for (tool_calls, name); their values are JSON.</summary>
    public IReadOnlyDictionary<string, JsonElement> Fields { get; init; } = new Dictionary<string, JsonElement>(StringComparer.Ordinal);

    internal JinjaDictionary ToValue()
    {
        JinjaDictionary value = new();
        value["role"] = Role;
        value["content"] = Content;
        foreach ((string name, JsonElement field) in Fields)
            value[name] = PythonJson.Read(field);
        return value;
    }
}

/// <summary>What a conversation is rendered with beside its messages.</summary>
public sealed record ChatOptions
{
    /// <summary>Whether the text ends where the assistant's answer begins.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>Tools, in JSON as the template wants them; null is none.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>More names that the template may know, e.g. enable_thinking; their values are JSON.</summary>
    public IReadOnlyDictionary<string, JsonElement> Variables { get; init; } = new Dictionary<string, JsonElement>(StringComparer.Ordinal);

    /// <summary>What a template that asks for the time is told; local time.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
