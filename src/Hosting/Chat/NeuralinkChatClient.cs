using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Neuralink.Storage;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Neuralink.Hosting;

/// <summary>
/// A model as Microsoft.Extensions.AI knows chat clients. It keeps no state: any number of threads may call it at once, and each call
/// brings the whole conversation. What was computed of a conversation is found again by its tokens, so a next turn runs only what is new.
/// </summary>
/// <param name="engine">Generates; not disposed with this.</param>
/// <param name="time">Says when an answer was begun.</param>
/// <param name="telemetry">Told when chunks come, or null.</param>
internal sealed class NeuralinkChatClient(INeuralinkEngine engine, TimeProvider time, NeuralinkTelemetry? telemetry) : IChatClient
{
    private const string ProviderName = "neuralink";

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        Answer answer = await BeginAsync(messages, options, cancellationToken).ConfigureAwait(false);
        GenerationResult? result = null;
        await foreach (GenerationEvent happened in engine.GenerateAsync(answer.Request, cancellationToken).ConfigureAwait(false))
            result = (happened as GenerationFinished)?.Result ?? result;
        ChatMessage message = new(ChatRole.Assistant, result!.Text) { MessageId = answer.Id, CreatedAt = answer.CreatedAt };
        return new ChatResponse(message)
        {
            ResponseId = answer.Id,
            ModelId = answer.Model,
            CreatedAt = answer.CreatedAt,
            FinishReason = ReasonOf(result),
            Usage = ChatUsage.Of(result),
            RawRepresentation = result,
        };
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Answer answer = await BeginAsync(messages, options, cancellationToken).ConfigureAwait(false);
        ChunkRecord? chunks = telemetry is null ? null : new ChunkRecord(telemetry, answer.Model);
        await foreach (GenerationEvent happened in engine.GenerateAsync(answer.Request, cancellationToken).ConfigureAwait(false))
        {
            GenerationResult? result = (happened as GenerationFinished)?.Result;
            string text = happened is TokenGenerated token ? token.Text : ((GenerationFinished)happened).Text;
            if (text.Length > 0)
            {
                chunks?.Came();
                yield return answer.Update(new TextContent(text), happened);
            }
            if (result is null)
                continue;
            ChatResponseUpdate last = answer.Update(new UsageContent(ChatUsage.Of(result)), result);
            last.FinishReason = ReasonOf(result);
            yield return last;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        if (serviceType == typeof(ChatClientMetadata))
            return new ChatClientMetadata(ProviderName, providerUri: null, engine.ModelName);
        if (serviceType == typeof(NeuralinkEngine))
            return engine.WhenReady.IsCompletedSuccessfully ? engine.WhenReady.Result : null;
        return serviceType.IsInstanceOfType(this) ? this : serviceType.IsInstanceOfType(engine) ? engine : null;
    }

    /// <summary>The engine is the host's.</summary>
    public void Dispose()
    {
    }

    private async Task<Answer> BeginAsync(IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(messages);
        NeuralinkEngine local = await engine.WhenReady.WaitAsync(cancellation).ConfigureAwait(false);
        if (options?.ModelId is { } asked && asked != engine.ModelName)
            throw new NeuralinkException("answer", $"the model {engine.ModelName}, which is served", asked);
        GenerationRequest request = new ChatRequest(options ?? new ChatOptions(), time).ToGeneration(messages, local);
        return new Answer(request, $"chatcmpl-{Guid.NewGuid():n}", engine.ModelName, time.GetUtcNow());
    }

    private static ChatFinishReason ReasonOf(GenerationResult result) =>
        result.FinishReason == FinishReason.Length ? ChatFinishReason.Length : ChatFinishReason.Stop;

    private sealed record Answer(GenerationRequest Request, string Id, string Model, DateTimeOffset CreatedAt)
    {
        public ChatResponseUpdate Update(AIContent content, object raw) => new(ChatRole.Assistant, [content])
        {
            ResponseId = Id,
            MessageId = Id,
            ModelId = Model,
            CreatedAt = CreatedAt,
            RawRepresentation = raw,
        };
    }
}

/// <summary>What an answer took, in the terms of Microsoft.Extensions.AI.</summary>
internal static class ChatUsage
{
    public static UsageDetails Of(GenerationResult result) => new()
    {
        InputTokenCount = result.PromptTokens,
        OutputTokenCount = result.Tokens.Count,
        TotalTokenCount = result.PromptTokens + result.Tokens.Count,
        CachedInputTokenCount = result.ReusedTokens,
        AdditionalCounts = new AdditionalPropertiesDictionary<long>
        {
            ["bytes_read"] = result.Io.BytesRead,
            ["reads"] = result.Io.Reads,
            ["cache_hits"] = result.Io.CacheHits,
            ["demand_misses"] = result.Io.DemandMisses,
            ["reused_tokens"] = result.ReusedTokens,
        },
    };
}
