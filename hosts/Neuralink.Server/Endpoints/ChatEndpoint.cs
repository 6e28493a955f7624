using Neuralink.Models.ChatTemplates;
using Neuralink.Server.Answers;
using Neuralink.Server.Errors;
using Neuralink.Server.Generation;
using Neuralink.Server.Requests;

namespace Neuralink.Server.Endpoints;

/// <summary>OpenAI's /v1/chat/completions.</summary>
internal static class ChatEndpoint
{
    /// <summary>The most choices of a request, as OpenAI has it.</summary>
    public const int ChoicesMax = 128;

    private const int TopLogProbsMax = 20;

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (string path in (string[])["/v1/chat/completions", "/chat/completions"])
            routes.MapPost(path, AnswerAsync);
    }

    /// <summary>What a conversation is rendered with beside its messages.</summary>
    public static ChatOptions ReadChat(Fields fields) => new()
    {
        Variables = (fields.Object("chat_template_kwargs") ?? Fields.None).All
            .DistinctBy(field => field.Name, StringComparer.Ordinal)
            .ToDictionary(field => field.Name, field => field.Value, StringComparer.Ordinal),
    };

    private static async Task AnswerAsync(
        HttpContext context, JsonBody body, ServedModel model, Answerer answerer, TimeProvider time)
    {
        Fields fields = await body.ReadAsync(context);
        model.RequireName(fields);
        UnsupportedFields.Refuse(fields);
        int copies = fields.Integer("n", 1, ChoicesMax) ?? 1;
        IReadOnlyList<ChatMessage> messages = MessageFields.Read(fields);
        TextRequest request = new()
        {
            Prompts = [model.Encode(messages, ReadChat(fields))],
            Conversation = MessageFields.ConversationOf(messages),
            Parameter = "messages",
            Copies = copies,
            MaxTokens = LengthFields.ReadMax(fields, unset: null),
            Sampling = SamplingFields.Read(fields, model.VocabularySize),
            Stops = LengthFields.ReadStops(fields),
            IgnoreEndTokens = fields.Flag("ignore_eos") ?? false,
            LogProbs = ReadLogProbs(fields),
            IsStream = fields.Flag("stream") ?? false,
            Operation = "chat",
        };
        bool includeUsage = StreamFields.IncludesUsage(fields, request.IsStream);
        string kind = request.IsStream ? "chat.completion.chunk" : "chat.completion";
        await answerer.AnswerAsync(context, request, new ChatFormat(
            AnswerHead.New("chatcmpl", kind, model.Id, time), copies, includeUsage,
            request.LogProbs is null ? null : new LogProbShapes(model.Engine.Tokenizer)));
    }

    /// <summary>Of how many alternatives probabilities are wanted: a flag says whether, a number how many.</summary>
    public static int? ReadLogProbs(Fields fields)
    {
        int? top = fields.Integer("top_logprobs", 0, TopLogProbsMax);
        bool isWanted = fields.Flag("logprobs") ?? false;
        if (top > 0 && !isWanted)
            throw ApiException.Invalid(fields.PathOf("top_logprobs"), "logprobs to be true beside it", "logprobs that are not asked for");
        return isWanted ? top ?? 0 : null;
    }
}
