using Neuralink.Models.ChatTemplates;
using Neuralink.Server.Answers;
using Neuralink.Server.Generation;
using Neuralink.Server.Requests;

namespace Neuralink.Server.Endpoints;

/// <summary>Ollama's /api/generate and /api/chat. A stream unless the client says otherwise.</summary>
internal static class OllamaEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/generate", GenerateAsync);
        routes.MapPost("/api/chat", ChatAsync);
    }

    private static async Task GenerateAsync(
        HttpContext context, JsonBody body, ServedModel model, Answerer answerer, TimeProvider time)
    {
        Fields fields = await ReadAsync(context, body, model);
        string prompt = fields.Text("prompt") ?? "";
        if (prompt.Length == 0)
        {
            await JsonAnswer.WriteAsync(context, new OllamaFormat(NameOf(fields, model), isChat: false, null, null, time).Loaded());
            return;
        }
        int[] tokens = ReadPrompt(fields, prompt, model);
        TextRequest request = ReadRequest(fields, model, tokens, "prompt");
        await answerer.AnswerAsync(context, request, Format(fields, model, request, tokens, time));
    }

    private static async Task ChatAsync(
        HttpContext context, JsonBody body, ServedModel model, Answerer answerer, TimeProvider time)
    {
        Fields fields = await ReadAsync(context, body, model);
        if (fields.List("messages") is null or { Length: 0 })
        {
            await JsonAnswer.WriteAsync(context, new OllamaFormat(NameOf(fields, model), isChat: true, null, null, time).Loaded());
            return;
        }
        int[] tokens = model.Encode(MessageFields.Read(fields), new ChatOptions());
        TextRequest request = ReadRequest(fields, model, tokens, "messages");
        await answerer.AnswerAsync(context, request, Format(fields, model, request, prompt: null, time));
    }

    private static async Task<Fields> ReadAsync(HttpContext context, JsonBody body, ServedModel model)
    {
        Fields fields = await body.ReadAsync(context);
        model.RequireName(fields);
        UnsupportedFields.Refuse(fields);
        return fields;
    }

    private static OllamaFormat Format(Fields fields, ServedModel model, TextRequest request, int[]? prompt, TimeProvider time) => new(
        NameOf(fields, model), isChat: prompt is null, prompt,
        request.LogProbs is null ? null : new LogProbShapes(model.Engine.Tokenizer), time);

    // Clients compare it with what they asked for.
    private static string NameOf(Fields fields, ServedModel model) => fields.Text("model") is { Length: > 0 } name ? name : model.Id;

    // A prompt is a message unless it is raw; context is what an earlier answer gave back.
    private static int[] ReadPrompt(Fields fields, string prompt, ServedModel model)
    {
        if (fields.Flag("raw") ?? false)
            return model.Encode(prompt, "prompt");
        List<ChatMessage> messages = [];
        if (fields.Text("system") is { Length: > 0 } system)
            messages.Add(new ChatMessage("system", system));
        messages.Add(new ChatMessage("user", prompt));
        int[] before = fields["context"] is { } context && fields.List("context")!.Length > 0
            ? PromptFields.ReadIds(context, "context", model)
            : [];
        return [.. before, .. model.Encode(messages, new ChatOptions())];
    }

    private static TextRequest ReadRequest(Fields fields, ServedModel model, int[] tokens, string parameter)
    {
        Fields options = fields.Object("options") ?? Fields.None;
        UnsupportedFields.Refuse(options);
        return new TextRequest
        {
            Prompts = [tokens],
            Parameter = parameter,
            MaxTokens = LengthFields.ReadNumPredict(options),
            Sampling = SamplingFields.Read(options, model.VocabularySize),
            Stops = LengthFields.ReadStops(options),
            IgnoreEndTokens = fields.Flag("ignore_eos") ?? false,
            LogProbs = ChatEndpoint.ReadLogProbs(fields),
            IsStream = fields.Flag("stream") ?? true,
            Operation = parameter == "messages" ? "chat" : "text_completion",
        };
    }
}
