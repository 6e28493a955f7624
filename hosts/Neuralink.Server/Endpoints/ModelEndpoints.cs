using Neuralink.Server.Answers;
using Neuralink.Server.Generation;

namespace Neuralink.Server.Endpoints;

/// <summary>The model in OpenAI's words, with what llama-server and vLLM say of its size.</summary>
internal sealed record ModelEntry(string Id, string Object, long Created, string OwnedBy, int MaxModelLen, ModelMeta Meta);

/// <summary>Numbers of a model under llama-server's names.</summary>
internal sealed record ModelMeta(int NVocab, int NCtxTrain, int NCtx, int NEmbd);

internal sealed record ModelList(string Object, IReadOnlyList<ModelEntry> Data);

/// <summary>OpenAI's /v1/models.</summary>
internal static class ModelEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (string path in (string[])["/v1/models", "/models"])
        {
            routes.MapGet(path, (HttpContext context, ServedModel model) =>
                JsonAnswer.WriteAsync(context, new ModelList("list", [Entry(model)])));
            // A name may have slashes in it.
            routes.MapGet(path + "/{**name}", (HttpContext context, ServedModel model, string name) =>
            {
                model.RequireName(Uri.UnescapeDataString(name), "model");
                return JsonAnswer.WriteAsync(context, Entry(model));
            });
        }
    }

    private static ModelEntry Entry(ServedModel model)
    {
        NeuralinkEngine engine = model.Engine;
        return new ModelEntry(
            model.Id, "model", model.Created.ToUnixTimeSeconds(), "neuralink", engine.ContextTokens,
            new ModelMeta(engine.Model.VocabularySize, engine.Model.ContextLength, engine.ContextTokens, engine.Model.HiddenSize));
    }
}
