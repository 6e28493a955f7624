using Neuralink.Server.Answers;
using Neuralink.Server.Errors;
using Neuralink.Server.Generation;
using Neuralink.Server.Requests;

namespace Neuralink.Server.Endpoints;

/// <summary>OpenAI's /v1/completions: texts that go on.</summary>
internal static class CompletionEndpoint
{
    // OpenAI's own default, which clients of this API count on.
    private const int DefaultMaxTokens = 16;

    // OpenAI's is 5.
    private const int LogProbsMax = 20;

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (string path in (string[])["/v1/completions", "/completions"])
            routes.MapPost(path, AnswerAsync);
    }

    private static async Task AnswerAsync(
        HttpContext context, JsonBody body, ServedModel model, Answerer answerer, TimeProvider time)
    {
        Fields fields = await body.ReadAsync(context);
        model.RequireName(fields);
        UnsupportedFields.Refuse(fields);
        int copies = ReadCopies(fields);
        IReadOnlyList<PromptFields.Prompt> prompts = PromptFields.Read(fields, model, ChatEndpoint.ChoicesMax / copies);
        TextRequest request = new()
        {
            Prompts = [.. prompts.Select(prompt => prompt.Tokens)],
            Parameter = "prompt",
            Copies = copies,
            MaxTokens = LengthFields.ReadMax(fields, DefaultMaxTokens),
            Sampling = SamplingFields.Read(fields, model.VocabularySize),
            Stops = LengthFields.ReadStops(fields),
            IgnoreEndTokens = fields.Flag("ignore_eos") ?? false,
            LogProbs = fields.Integer("logprobs", 0, LogProbsMax),
            IsStream = fields.Flag("stream") ?? false,
        };
        bool includeUsage = StreamFields.IncludesUsage(fields, request.IsStream);
        IReadOnlyList<PromptEcho>? echoes = fields.Flag("echo") ?? false
            ? await PromptEcho.OfAsync(model.Engine, prompts, request.LogProbs, context.RequestAborted)
            : null;
        await answerer.AnswerAsync(context, request, new CompletionFormat(
            AnswerHead.New("cmpl", "text_completion", model.Id, time), copies, includeUsage, echoes,
            request.LogProbs is null ? null : new LogProbShapes(model.Engine.Tokenizer)));
    }

    private static int ReadCopies(Fields fields)
    {
        int copies = fields.Integer("n", 1, ChatEndpoint.ChoicesMax) ?? 1;
        return fields.Integer("best_of", 1) is { } best && best != copies
            ? throw ApiException.Unsupported("best_of", $"this server does not choose the best of several texts; give {copies}, as n is")
            : copies;
    }
}
