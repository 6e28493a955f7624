using System.Text.Json;
using Neuralink.Models.Tokenizers;
using Neuralink.Server.Answers;
using Neuralink.Server.Errors;
using Neuralink.Server.Generation;
using Neuralink.Server.Requests;

namespace Neuralink.Server.Endpoints;

/// <summary>The answer of /tokenize: llama-server's tokens, which are ids or ids with their texts, and vLLM's counts.</summary>
internal sealed record TokenizeAnswer(object Tokens, int Count, int MaxModelLen);

internal sealed record TokenPiece(int Id, string Piece);

/// <summary>The answer of /detokenize under both names.</summary>
internal sealed record DetokenizeAnswer(string Content)
{
    public string Prompt => Content;
}

internal sealed record TemplateAnswer(string Prompt);

/// <summary>Tokens and templates without a model's pass: llama-server's and vLLM's /tokenize, /detokenize and /apply-template.</summary>
internal static class TokenEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/tokenize", TokenizeAsync);
        routes.MapPost("/detokenize", DetokenizeAsync);
        routes.MapPost("/apply-template", ApplyTemplateAsync);
    }

    private static async Task TokenizeAsync(HttpContext context, JsonBody body, ServedModel model)
    {
        Fields fields = await body.ReadAsync(context);
        model.RequireName(fields);
        int[] tokens = ReadTokens(fields, model);
        Tokenizer tokenizer = model.Engine.Tokenizer;
        bool withPieces = fields.Flag("with_pieces") ?? false;
        await JsonAnswer.WriteAsync(context, new TokenizeAnswer(
            withPieces ? tokens.Select(id => new TokenPiece(id, tokenizer.Decode([id], skipSpecialTokens: false))).ToArray() : tokens,
            tokens.Length, model.Engine.ContextTokens));
    }

    // llama-server's content gets no special tokens unless they are asked for, vLLM's prompt gets them unless they are not.
    private static int[] ReadTokens(Fields fields, ServedModel model)
    {
        if (fields["content"] is null && fields["prompt"] is null && fields["messages"] is not null)
            return model.Encode(MessageFields.Read(fields), ChatEndpoint.ReadChat(fields));
        bool isVllm = fields["content"] is null;
        string text = fields.Text("content") ?? fields.Text("prompt") ?? throw ApiException.Invalid("content", "a string", "none");
        bool addSpecial = fields.Flag("add_special") ?? fields.Flag("add_special_tokens") ?? isVllm;
        return model.Engine.Tokenizer.Encode(text, addSpecial);
    }

    private static async Task DetokenizeAsync(HttpContext context, JsonBody body, ServedModel model)
    {
        Fields fields = await body.ReadAsync(context);
        model.RequireName(fields);
        JsonElement[] listed = fields.List("tokens") ?? throw ApiException.Invalid("tokens", "an array of token ids", "none");
        int[] tokens = listed.Length == 0 ? [] : PromptFields.ReadIds(fields["tokens"]!.Value, "tokens", model);
        await JsonAnswer.WriteAsync(context, new DetokenizeAnswer(model.Engine.Tokenizer.Decode(tokens, skipSpecialTokens: false)));
    }

    private static async Task ApplyTemplateAsync(HttpContext context, JsonBody body, ServedModel model)
    {
        Fields fields = await body.ReadAsync(context);
        model.RequireName(fields);
        UnsupportedFields.Refuse(fields);
        await JsonAnswer.WriteAsync(context, new TemplateAnswer(model.Render(MessageFields.Read(fields), ChatEndpoint.ReadChat(fields))));
    }
}
