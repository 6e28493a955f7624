using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Neuralink.Server.Endpoints;
using Neuralink.Server.Page.Live;

namespace Neuralink.Server.Answers;

/// <summary>An error as OpenAI's clients read it.</summary>
internal sealed record OpenAiError(OpenAiErrorBody Error);

/// <summary>Its parts. All four are there; the code is a text or null, as some clients fail on a number.</summary>
internal sealed record OpenAiErrorBody(string Message, string Type, string? Param, string? Code);

/// <summary>An error as Ollama's clients read it.</summary>
internal sealed record OllamaError(string Error);

/// <summary>All that this server writes as JSON, with names in snake_case.</summary>
[JsonSerializable(typeof(OpenAiError))]
[JsonSerializable(typeof(OllamaError))]
[JsonSerializable(typeof(ChatAnswer))]
[JsonSerializable(typeof(ChatChunk))]
[JsonSerializable(typeof(CompletionAnswer))]
[JsonSerializable(typeof(OllamaAnswer))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelEntry))]
[JsonSerializable(typeof(OllamaModels))]
[JsonSerializable(typeof(OllamaRunningModels))]
[JsonSerializable(typeof(OllamaShown))]
[JsonSerializable(typeof(OllamaVersion))]
[JsonSerializable(typeof(TokenizeAnswer))]
[JsonSerializable(typeof(TokenPiece[]))]
[JsonSerializable(typeof(int[]))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(DetokenizeAnswer))]
[JsonSerializable(typeof(TemplateAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(LiveEvent))]
internal sealed partial class ServerJson : JsonSerializerContext
{
    /// <summary>Letters of any script stay as they are: an answer is UTF-8, and never a part of a web page.</summary>
    public static JsonSerializerOptions Readable { get; } = new()
    {
        TypeInfoResolver = Default,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
