using Microsoft.Extensions.Options;
using Neuralink.Hosting;
using Neuralink.Models.ChatTemplates;
using Neuralink.Server.Errors;
using Neuralink.Server.Options;
using Neuralink.Server.Requests;
using Neuralink.Storage;

namespace Neuralink.Server.Generation;

/// <summary>The one model that is served: its name, its tokens and its templates, once it is ready.</summary>
internal sealed class ServedModel(INeuralinkEngine engine, IOptions<ServerOptions> options, TimeProvider time)
{
    private const int RetrySeconds = 5;

    // Ollama's clients add it to a name that has no tag.
    private const string LatestTag = ":latest";

    private readonly Lazy<int?> _beginToken = new(() =>
        engine.WhenReady.Result.Tokenizer.Encode("") is [var first, ..] ? first : null);

    /// <summary>Whether it can be asked.</summary>
    public bool IsReady => engine.IsReady;

    /// <summary>This process's engine.</summary>
    /// <exception cref="ApiException">It is not ready, or cannot be opened.</exception>
    public NeuralinkEngine Engine
    {
        get
        {
            if (engine.WhenReady.IsFaulted)
                throw ApiException.Unavailable("The model cannot be opened; the server's log says why.", RetrySeconds);
            return engine.IsReady ? engine.WhenReady.Result
                : throw ApiException.Unavailable("The model is being loaded. Please try again.", RetrySeconds);
        }
    }

    /// <summary>What it is called.</summary>
    public string Id => options.Value.ModelName ?? Engine.Name;

    /// <summary>When it was opened.</summary>
    public DateTimeOffset Created { get; } = time.GetUtcNow();

    /// <summary>Ids that a model has embeddings and logits for.</summary>
    public int VocabularySize => Engine.Model.VocabularySize;

    /// <summary>Refuses the name of another model; one that is not stated is this one.</summary>
    public void RequireName(Fields fields, string field = "model")
    {
        if (fields.Text(field) is { Length: > 0 } name)
            RequireName(name, fields.PathOf(field));
    }

    /// <exception cref="ApiException">It is another's.</exception>
    public void RequireName(string name, string parameter)
    {
        if (name != Id && name != Id + LatestTag)
        {
            string shown = name.Length > 100 ? "that name" : $"'{name}'";
            throw new ApiException(StatusCodes.Status404NotFound, $"The model {shown} does not exist; this server has '{Id}'.")
            {
                Parameter = parameter,
                Code = "model_not_found",
            };
        }
    }

    /// <summary>
    /// The tokens of a text that is continued, with what the model begins a text with: once, as a text that a template has written may
    /// begin with it already.
    /// </summary>
    public int[] Encode(string text, string parameter)
    {
        int[] tokens = Engine.Tokenizer.Encode(text);
        if (_beginToken.Value is { } begin && tokens.Length > 1 && tokens[0] == begin && tokens[1] == begin)
            tokens = tokens[1..];
        return tokens.Length > 0 ? tokens : throw ApiException.Invalid(parameter, "a text of at least one token", "an empty one");
    }

    /// <summary>The text of a conversation, up to where the answer begins.</summary>
    public string Render(IReadOnlyList<ChatMessage> messages, ChatOptions chat) =>
        Ask(() => Engine.ChatTemplate.Render(messages, chat with { Time = time }));

    /// <summary>The tokens of a conversation.</summary>
    public int[] Encode(IReadOnlyList<ChatMessage> messages, ChatOptions chat) =>
        Ask(() => Engine.ChatTemplate.Encode(Engine.Tokenizer, messages, chat with { Time = time })) is { Length: > 0 } tokens ? tokens
            : throw ApiException.Invalid("messages", "a conversation of at least one token", "an empty one");

    /// <summary>Checks ids that a client sent.</summary>
    public int[] Checked(int[] tokens, string parameter)
    {
        try
        {
            Engine.Tokenizer.RequireRows(tokens, VocabularySize);
            return tokens;
        }
        catch (NeuralinkException error)
        {
            throw ApiException.Invalid(parameter, error.Expected!, error.Found);
        }
    }

    // A template may want its turns in an order of its own.
    private static T Ask<T>(Func<T> template)
    {
        try
        {
            return template();
        }
        catch (NeuralinkException error)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, $"messages: {error.Message}", inner: error) { Parameter = "messages" };
        }
    }
}
