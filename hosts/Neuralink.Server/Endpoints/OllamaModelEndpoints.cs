using Neuralink.Models.Configuration;
using Neuralink.Server.Answers;
using Neuralink.Server.Errors;
using Neuralink.Server.Generation;
using Neuralink.Server.Requests;

namespace Neuralink.Server.Endpoints;

internal sealed record OllamaModels(IReadOnlyList<OllamaModel> Models);

/// <summary>The model in Ollama's words.</summary>
internal sealed record OllamaModel(string Name, string Model, string ModifiedAt, long Size, string Digest, OllamaDetails Details);

internal sealed record OllamaRunningModels(IReadOnlyList<OllamaRunningModel> Models);

/// <summary>The model as it lies in memory, of which none is a graphics card's.</summary>
internal sealed record OllamaRunningModel(
    string Name, string Model, long Size, string Digest, OllamaDetails Details, string ExpiresAt, long SizeVram, int ContextLength);

internal sealed record OllamaDetails(
    string ParentModel, string Format, string Family, IReadOnlyList<string> Families, string ParameterSize, string QuantizationLevel);

internal sealed record OllamaShown(
    string Modelfile, string Parameters, string Template, OllamaDetails Details, Dictionary<string, object> ModelInfo,
    IReadOnlyList<string> Capabilities, string ModifiedAt);

internal sealed record OllamaVersion(string Version);

/// <summary>Ollama's /api/tags, /api/show, /api/ps and /api/version. Its commands that change the models there are, are refused.</summary>
internal static class OllamaModelEndpoints
{
    /// <summary>The version of Ollama's API that is followed; clients compare it with what they need.</summary>
    private const string ApiVersion = "0.12.11";

    // The model stays loaded for as long as the server runs. Not every client reads the last year that there is.
    private const string NeverExpires = "2318-12-31T00:00:00Z";

    private static readonly string[] s_refused =
        ["pull", "push", "create", "copy", "delete", "embed", "embeddings", "blobs/{digest}"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/version", (HttpContext context) => JsonAnswer.WriteAsync(context, new OllamaVersion(ApiVersion)));
        routes.MapGet("/api/tags", (HttpContext context, ServedModel model) =>
        {
            ModelFacts facts = ModelFacts.Of(model);
            return JsonAnswer.WriteAsync(context, new OllamaModels(
                [new OllamaModel(model.Id, model.Id, facts.ModifiedAt, facts.Bytes, facts.Digest, facts.Details)]));
        });
        routes.MapGet("/api/ps", (HttpContext context, ServedModel model) => JsonAnswer.WriteAsync(context, Running(model)));
        routes.MapPost("/api/show", ShowAsync);
        foreach (string name in s_refused)
        {
            routes.MapMethods($"/api/{name}", [HttpMethods.Post, HttpMethods.Delete, HttpMethods.Head], (HttpContext context) =>
                throw new ApiException(
                    StatusCodes.Status501NotImplemented, $"{context.Request.Path}: this server has one model, which generates text"));
        }
    }

    private static OllamaRunningModels Running(ServedModel model)
    {
        if (!model.IsReady)
            return new OllamaRunningModels([]);
        ModelFacts facts = ModelFacts.Of(model);
        return new OllamaRunningModels([new OllamaRunningModel(
            model.Id, model.Id, model.Engine.Memory.TotalBytes, facts.Digest, facts.Details,
            NeverExpires, SizeVram: 0, model.Engine.ContextTokens)]);
    }

    private static async Task ShowAsync(HttpContext context, JsonBody body, ServedModel model)
    {
        Fields fields = await body.ReadAsync(context);
        string name = fields.FirstOf("model", "name");
        if (fields.Text(name) is not { Length: > 0 })
            throw ApiException.Invalid("model", "the name of a model", "none");
        model.RequireName(fields, name);
        ModelFacts facts = ModelFacts.Of(model);
        await JsonAnswer.WriteAsync(context, new OllamaShown(
            $"FROM {model.Id}", "", "", facts.Details, InfoOf(model.Engine), ["completion"],
            facts.ModifiedAt));
    }

    // The names of GGUF's metadata, which is where clients look for the length of the context.
    private static Dictionary<string, object> InfoOf(NeuralinkEngine engine)
    {
        ModelConfig config = engine.Model;
        string family = config.ModelType;
        return new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["general.architecture"] = family,
            ["general.parameter_count"] = ModelFacts.ParametersOf(config),
            [$"{family}.context_length"] = engine.ContextTokens,
            [$"{family}.block_count"] = config.LayerCount,
            [$"{family}.embedding_length"] = config.HiddenSize,
            [$"{family}.feed_forward_length"] = config.FfnSize,
            [$"{family}.attention.head_count"] = config.HeadCount,
            [$"{family}.attention.head_count_kv"] = config.KvHeadCount,
            [$"{family}.vocab_size"] = config.VocabularySize,
        };
    }
}
